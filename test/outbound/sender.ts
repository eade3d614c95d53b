// A sender that may use loopback addresses, closed when its test ends, and a request for it.
import { onTestFinished } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender, type Sender, type SenderOptions, type SendRequest } from '#outbound/send';
import { type Answer, startEndpoint } from './endpoint.ts';

export function startSender(options: Partial<SenderOptions> = {}): Sender {
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test', ...options });
  onTestFinished(() => sender.close());
  return sender;
}

/** A timeout long enough never to matter, unless a test sets its own. */
export const patienceMs = 20_000;

export function requestTo(url: string, more: Partial<SendRequest> = {}): SendRequest {
  return {
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"type":"order.paid"}'),
    timeoutMs: patienceMs,
    ...more,
  };
}

/** Sends one request to an endpoint with this answer. */
export async function answeredBy(answer: Answer, timeoutMs?: number) {
  const endpoint = await startEndpoint(answer);
  const result = await startSender().send(requestTo(endpoint.url, timeoutMs === undefined ? {} : { timeoutMs }));
  return { endpoint, result, host: `127.0.0.1:${endpoint.port}` };
}
