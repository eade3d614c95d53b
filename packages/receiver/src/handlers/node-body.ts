// Reads the body of a Node request within a limit, and answers a request whose body was not read to its end.
import { tooLarge } from '../errors.ts';
import type { NodeRequest } from './node-types.ts';

/** Bytes of a rejected body that are read and discarded, to keep the connection. */
const mostToDiscard = 65_536;

/** Throws Rejection for more than `mostBytes`. Leaves the connection open for the answer. */
export async function readBody(
  stream: Pick<NodeRequest, 'iterator'>,
  contentLength: string | string[] | undefined,
  mostBytes: number,
): Promise<Uint8Array> {
  if (Number(contentLength ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Discards what is left of the body: it would come before the next request on this connection. Returns headers of the answer. */
export function discardRest(request: NodeRequest): Record<string, string> {
  if (request.readableEnded) return {};
  request.resume();
  return Number(request.headers['content-length']) <= mostToDiscard ? {} : { connection: 'close' };
}
