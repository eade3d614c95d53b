// The handler for Express 4 and 5, and for Node's own http server.
import type { AnyReceiver } from './fetch-request.ts';
import { answerNode } from './node-request.ts';
import type { NodeRequest, NodeResponse } from './node-types.ts';

interface Application {
  router?: { stack?: { name?: string }[] };
  /** Of Express 4. */
  _router?: { stack?: { name?: string }[] };
}

/** The middleware of the application that has read the body, and its place. */
function parserIn({ router, _router }: Application): string {
  const names = ((router ?? _router)?.stack ?? []).map(({ name = '' }) => name);
  const at = names.findIndex((name) => /^(json|urlencoded)Parser$/.test(name));
  if (at < 0) return 'A body parser such as express.json()';
  return `app.use(express.${names[at]?.replace('Parser', '')}()), middleware ${at + 1} of the application,`;
}

/**
 * Also for http.createServer. It reads the body itself: register it before any body parser.
 * @example app.post('/hooks', expressReceiver(receiver))
 */
export function expressReceiver(receiver: AnyReceiver): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return (request, response) =>
    answerNode(receiver, request, response, () => [
      `${parserIn((request as { app?: Application }).app ?? {})} has read the body before expressReceiver saw it`,
      'Register app.post("/hooks", expressReceiver(receiver)) first, and app.use(express.json()) after it.',
    ]);
}
