// Reads request bodies of the sandbox within memory limits, since anyone may post there: a limit
// per body, and one for all bodies being read. A body beyond a limit is read to its end, but only
// its length and the start that fitted are kept.
import type { IncomingMessage } from 'node:http';

export interface SandboxBody {
  /** The body, or the part of its start that fitted into memory. */
  start: Buffer;
  /** Length of the whole body. */
  bytes: number;
}

// Larger bodies get no signature check. Any batch fits.
const maxBytesPerBody = 4 * 1024 * 1024;
const defaultRoom = 64 * 1024 * 1024;

/** Null: the client disconnected before the end of the body. */
export type ReadBody = (request: IncomingMessage) => Promise<SandboxBody | null>;

/** `room`: memory limit in bytes for all bodies that are being read at once. */
export function createReadBody(room = defaultRoom): ReadBody {
  let left = room;
  return async (request) => {
    const chunks: Buffer[] = [];
    let [bytes, held] = [0, 0];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, Math.min(maxBytesPerBody - held, left));
        // after a gap nothing more is kept, so that `start` is contiguous
        if (held === bytes && part.length > 0) {
          chunks.push(part);
          held += part.length;
          left -= part.length;
        }
        bytes += chunk.length;
      }
    } catch {
      return null;
    } finally {
      left += held;
    }
    return { start: Buffer.concat(chunks), bytes };
  };
}
