// Requests as Posthorn makes them, signed by the library of Standard Webhooks, for tests of receivers.
import { Webhook } from 'standardwebhooks';

export const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`;

export interface SignedRequest {
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** `body`: instead of an envelope with type and data. */
export function signedRequest(
  {
    id = 'evt_1',
    type = 'order.created',
    data = {},
    by = secret,
    at = new Date(),
    body = JSON.stringify({ type, timestamp: at.toISOString(), data }),
  }: {
    id?: string;
    type?: string;
    data?: unknown;
    by?: string;
    at?: Date;
    body?: string;
  } = {},
  headers: Record<string, string> = {},
): SignedRequest {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(by).sign(id, at, body),
      'posthorn-delivery': 'dlv_1',
      'posthorn-attempt': '1',
      ...headers,
    },
    body,
  };
}
