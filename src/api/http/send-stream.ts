// An answer of unknown length: as fast as it is read, and no faster.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Whoever makes the pieces says what went wrong; here it ends the connection, so that nobody takes half for the whole. Who leaves, even before the first
 * piece, ends the pieces.
 */
export function sendStream(response: Response, status: number, type: string, pieces: AsyncIterable<string>): void {
  response.writeHead(status, { 'content-type': type });
  const readable = Readable.from(pieces);
  if (response.req.method !== 'HEAD') void pipeline(readable, response).catch(() => undefined);
  else {
    readable.destroy();
    response.end();
  }
}
