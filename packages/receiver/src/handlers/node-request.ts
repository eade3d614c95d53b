// Gives a Node request to a receiver, whatever ran before: a parser that has kept the bytes, or none.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tooLarge } from '../errors.ts';
import { ParsedBodyError } from '../verify/errors.ts';
import type { AnyReceiver } from './fetch-request.ts';

export type NodeRequest = IncomingMessage & { body?: unknown; rawBody?: unknown };

/** Bytes of a rejected body that are read and discarded, to keep the connection. */
const mostToDiscard = 65_536;

/** `change` says in the words of the framework what to do where a parser has read the body. */
export async function answerNode(
  receiver: AnyReceiver,
  request: NodeRequest,
  response: ServerResponse,
  change: () => [what: string, change: string],
): Promise<void> {
  const { method = '', headers, socket } = request;
  const body = (mostBytes: number) => rawBodyOf(request, mostBytes, change);
  const answer = await receiver.receive({ method, headers, address: socket?.remoteAddress, body });
  // the rest of a body would come before the next request on this connection
  if (!request.readableEnded) {
    request.resume();
    if (!(Number(headers['content-length']) <= mostToDiscard)) response.setHeader('connection', 'close');
  }
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

async function rawBodyOf(request: NodeRequest, mostBytes: number, change: () => [what: string, change: string]): Promise<Uint8Array> {
  const kept = [request.rawBody, request.body].find((given) => given instanceof Uint8Array || typeof given === 'string');
  if (kept !== undefined) return Buffer.from(kept as string);
  if (request.readableDidRead || request.readableEnded) throw new ParsedBodyError(...change());
  const chunks: Uint8Array[] = [];
  let bytes = Number(request.headers['content-length'] ?? 0);
  if (bytes <= mostBytes) {
    bytes = 0;
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > mostBytes) break;
      chunks.push(chunk);
    }
  }
  if (bytes > mostBytes) throw tooLarge(mostBytes);
  return Buffer.concat(chunks);
}
