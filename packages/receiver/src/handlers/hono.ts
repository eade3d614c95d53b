// The entry `@posthorn/receiver/hono`.
import { type AnyReceiver, answerFetch, type FetchOptions } from './fetch-request.ts';

/** @example app.post('/hooks', honoReceiver(receiver)) */
export function honoReceiver(receiver: AnyReceiver, { addressOf }: FetchOptions = {}) {
  const change =
    'A middleware of Hono has called c.req.json(), c.req.parseBody() or a validator on this path: register app.post(…, honoReceiver(receiver)) before that app.use(…), or leave this path out of it.';
  return (context: { req: { raw: Request } }): Promise<Response> =>
    answerFetch(receiver, context.req.raw, addressOf?.(context.req.raw, context), change);
}
