// Reads what anybody may post. Of one body no more is held than is looked at, and of all that are being read no more than a sandbox may cost:
// who opens a thousand connections and sends slowly gets the length of what he sent, and nothing else kept.
import type { IncomingMessage } from 'node:http';

export interface SandboxBody {
  /** The body, or as much of its start as was held. */
  start: Buffer;
  /** Of the whole. */
  bytes: number;
}

// What still gets its signature checked: any batch, with its wrapping.
const mostOfOne = 4 * 1024 * 1024;
const usualRoom = 64 * 1024 * 1024;

/** Null when the client went away in the middle. */
export type ReadBody = (request: IncomingMessage) => Promise<SandboxBody | null>;

/** `room`: for all bodies that are being read, in bytes. */
export function createReadBody(room = usualRoom): ReadBody {
  let left = room;
  return async (request) => {
    const chunks: Buffer[] = [];
    let [bytes, held] = [0, 0];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, Math.min(mostOfOne - held, left));
        // only what follows the part before it
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
