// Streams an answer of unknown length, with backpressure: no faster than the client reads.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * An error of `pieces` cuts the connection, so that no client takes a half answer for a whole one. `pieces` logs the
 * error. A client that disconnects ends `pieces`, even before the first piece; so does `cut`.
 */
export function sendStream(response: Response, status: number, type: string, pieces: AsyncIterable<string>, cut?: AbortSignal): void {
  response.writeHead(status, { 'content-type': type });
  const readable = Readable.from(pieces);
  if (response.req.method !== 'HEAD') void pipeline(readable, response, { ...(cut && { signal: cut }) }).catch(() => undefined);
  else {
    readable.destroy();
    response.end();
  }
}
