// The entry `@posthorn/receiver/next`: handlers for both routers of Next.js.
import { type AnyReceiver, answerFetch, type FetchOptions } from './fetch-request.ts';
import { answerNode } from './node-request.ts';
import type { NodeRequest, NodeResponse } from './node-types.ts';

/** App Router. @example export const POST = nextReceiver(receiver); // app/hooks/route.ts */
export function nextReceiver(receiver: AnyReceiver, { addressOf }: FetchOptions = {}): (request: Request) => Promise<Response> {
  const change = 'Call nextReceiver first in the route handler: export const POST = nextReceiver(receiver), without await request.json().';
  return (request) => answerFetch(receiver, request, addressOf?.(request), change);
}

/**
 * Pages Router. The page must also `export const config = { api: { bodyParser: false } }`.
 * @example export default nextPagesReceiver(receiver); // pages/api/hooks.ts
 */
export function nextPagesReceiver(receiver: AnyReceiver): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  const change = (): [string, string] => [
    'Next.js has parsed the body before nextPagesReceiver saw it',
    'Add to this file: export const config = { api: { bodyParser: false } };',
  ];
  return (request, response) => answerNode(receiver, request, response, change);
}
