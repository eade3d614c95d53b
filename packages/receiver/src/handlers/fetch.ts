// The handler for everything that speaks the Fetch API: workers, Deno, Bun.
import { type AnyReceiver, answerFetch, type FetchOptions } from './fetch-request.ts';

/** @example export default { fetch: fetchReceiver(receiver) } */
export function fetchReceiver(receiver: AnyReceiver, options: FetchOptions = {}): (request: Request) => Promise<Response> {
  const change = 'Call this handler before request.json(), text() or formData(), or call those on request.clone().';
  return (request) => answerFetch(receiver, request, options, change);
}
