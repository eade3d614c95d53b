// The handler for everything that speaks the Fetch API: workers, Deno, Bun.
import { type AnyReceiver, answerFetch, type FetchOptions } from './fetch-request.ts';

/** @example export default { fetch: fetchReceiver(receiver) } */
export function fetchReceiver(receiver: AnyReceiver, { addressOf }: FetchOptions = {}) {
  const change = 'Call this handler before request.json(), text() or formData(), or call those on request.clone().';
  return (request: Request, ...more: unknown[]): Promise<Response> => answerFetch(receiver, request, addressOf?.(request, ...more), change);
}
