// Gives a Fetch API request to a receiver.
import { tooLarge } from '../errors.ts';
import type { Receiver } from '../receiver.ts';
import { ParsedBodyError } from '../verify/errors.ts';

export interface FetchOptions {
  /**
   * The address of the client, for `allowFrom` and `rateLimit`. It gets what the platform gives the handler: the server in
   * Bun, the connection in Deno, the context in Hono.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each platform has its own
  addressOf?: (request: Request, ...more: any[]) => string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the events are
export type AnyReceiver = Pick<Receiver<any, any>, 'receive'>;

/** `change` says in the words of the framework what to do where something has read the body. */
export async function answerFetch(receiver: AnyReceiver, request: Request, address: string | undefined, change: string): Promise<Response> {
  const { method, headers } = request;
  const { status, ...answer } = await receiver.receive({
    method,
    headers,
    address,
    body: (mostBytes) => rawBodyOf(request, mostBytes, change),
  });
  return new Response(answer.body, { status, headers: answer.headers });
}

async function rawBodyOf(request: Request, mostBytes: number, change: string): Promise<Uint8Array> {
  if (request.bodyUsed) throw new ParsedBodyError('The body of the request was read before the webhook receiver saw it', change);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = Number(request.headers.get('content-length') ?? 0) > mostBytes ? mostBytes + 1 : 0;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); bytes <= mostBytes && next && !next.done; next = await reader?.read()) {
    bytes += next.value.length;
    chunks.push(next.value as Uint8Array<ArrayBuffer>);
  }
  if (bytes > mostBytes) {
    await reader?.cancel();
    throw tooLarge(mostBytes);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
