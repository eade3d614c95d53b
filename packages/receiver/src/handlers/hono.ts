// The entry `@posthorn/receiver/hono`.
import { type AnyReceiver, answerFetch, type FetchOptions } from './fetch-request.ts';

/** @example app.post('/hooks', honoReceiver(receiver)) */
export function honoReceiver(receiver: AnyReceiver, options: FetchOptions = {}): (context: { req: { raw: Request } }) => Promise<Response> {
  const change =
    'A middleware of Hono has called c.req.json(), c.req.parseBody() or a validator on this path: register app.post(…, honoReceiver(receiver)) before that app.use(…), or leave this path out of it.';
  return ({ req: { raw } }) => answerFetch(receiver, raw, options, change);
}
