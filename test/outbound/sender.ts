// A sender that may use this machine's addresses, closed when its test ends, and a request for it to make.
import { onTestFinished } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender, type Sender, type SenderOptions, type SendRequest } from '#outbound/send';
import { type Answer, startEndpoint } from './endpoint.ts';

export function startSender(options: Partial<SenderOptions> = {}): Sender {
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test', ...options });
  onTestFinished(() => sender.close());
  return sender;
}

/** Long enough never to be what decides, unless a test says otherwise. */
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

/** Sends one request to an endpoint that answers so. */
export async function answeredBy(answer: Answer, timeoutMs?: number) {
  const endpoint = await startEndpoint(answer);
  const result = await startSender().send(requestTo(endpoint.url, timeoutMs === undefined ? {} : { timeoutMs }));
  return { endpoint, result, host: `127.0.0.1:${endpoint.port}` };
}
