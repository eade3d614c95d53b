// Gives a Node request to a receiver, whatever ran before: a parser that has kept the bytes, or none.
import { ParsedBodyError } from '../verify/errors.ts';
import type { AnyReceiver } from './fetch-request.ts';
import { discardRest, readBody } from './node-body.ts';
import type { NodeRequest, NodeResponse } from './node-types.ts';

/** `change` says in the words of the framework what to do where a parser has read the body. */
export async function answerNode(
  receiver: AnyReceiver,
  request: NodeRequest,
  response: NodeResponse,
  change: () => [what: string, change: string],
): Promise<void> {
  const { method = '', headers, socket } = request;
  const body = (mostBytes: number) => rawBodyOf(request, mostBytes, change);
  const answer = await receiver.receive({ method, headers, address: socket?.remoteAddress, body });
  response.writeHead(answer.status, { ...answer.headers, ...discardRest(request) }).end(answer.body);
}

async function rawBodyOf(request: NodeRequest, mostBytes: number, change: () => [what: string, change: string]): Promise<Uint8Array> {
  const kept = [request.rawBody, request.body].find((given) => given instanceof Uint8Array || typeof given === 'string');
  if (kept !== undefined) return Buffer.from(kept as string);
  if (request.readableDidRead || request.readableEnded) throw new ParsedBodyError(...change());
  return readBody(request, request.headers['content-length'], mostBytes);
}
