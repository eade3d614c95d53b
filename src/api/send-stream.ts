// An answer of unknown length: as fast as it is read, and no faster.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** Whoever makes the pieces says what went wrong; here it ends the connection, so that nobody takes half for the whole. */
export function sendStream(response: Response, status: number, type: string, pieces: AsyncIterable<string>): void {
  response.writeHead(status, { 'content-type': type });
  if (response.req.method === 'HEAD') response.end();
  else void pipeline(Readable.from(pieces), response).catch(() => undefined);
}
