// Collects one response within fixed limits: all bytes until its headers are complete, then its
// head and the first 64 KiB of its body.
import type { EndpointResponse } from '#domain/deliveries/outcome';
import { decoded } from './content-encoding.ts';

const keptBytes = 64 * 1024;
/** Limit for interim responses and headers together. */
const maxBytesBeforeHead = 64 * 1024;
/** Limit for a whole response on the wire, so that chunk extensions and trailers cannot go on forever. */
const maxWireBytes = 4 * 1024 * 1024;
/** More buffers than this are merged into one, so that a body sent byte by byte does not hold an object per byte. */
const maxParts = 256;

/** The part of a response that has arrived so far. */
export interface Received {
  /** All bytes that the connection delivered during the exchange. */
  wireBytes: number;
  /** The same bytes, kept until the headers are complete. */
  beforeHead: Buffer[];
  head: { statusCode: number; headers: [string, string][]; at: number } | null;
  body: Buffer[];
  kept: number;
  /** Bytes of the body, including those not kept. */
  bytes: number;
}

export function nothingReceived(): Received {
  return { wireBytes: 0, beforeHead: [], head: null, body: [], kept: 0, bytes: 0 };
}

/** Call for each chunk before the parser reads it. False: the response exceeds a limit. */
export function receiveWire(received: Received, chunk: Buffer): boolean {
  const before = received.wireBytes;
  received.wireBytes += chunk.length;
  if (received.head) return received.wireBytes <= maxWireBytes;
  received.beforeHead.push(chunk);
  if (received.beforeHead.length > maxParts) received.beforeHead = [Buffer.concat(received.beforeHead)];
  return before <= maxBytesBeforeHead;
}

export function receiveHead(received: Received, statusCode: number, raw: string[]): void {
  const headers = Array.from({ length: raw.length / 2 }, (_, i): [string, string] => [raw[2 * i] ?? '', raw[2 * i + 1] ?? '']);
  received.head = { statusCode, headers, at: performance.now() };
  received.beforeHead = [];
}

/** Copies the chunk, because a chunk is a view that keeps a much larger read buffer in memory. */
export function receiveBody(received: Received, chunk: Buffer): void {
  received.bytes += chunk.length;
  if (received.kept >= keptBytes) return;
  const part = Buffer.from(chunk.subarray(0, keptBytes - received.kept));
  received.kept += part.length;
  received.body.push(part);
  if (received.body.length > maxParts) received.body = [Buffer.concat(received.body)];
}

/** `isWhole`: the response arrived complete. Null: there is no complete status line. */
export function responseOf(received: Received, isWhole: boolean): EndpointResponse | null {
  const { head, body, kept, bytes } = received;
  if (head) {
    const bodyTruncated = bytes > kept || !isWhole;
    const bodyStart = Buffer.concat(body, kept);
    const { statusCode, headers } = head;
    return { statusCode, headers, bodyStart: bodyTruncated ? bodyStart : decoded(bodyStart, headers, keptBytes), bodyTruncated };
  }
  const statusCode = statusLineOf(received);
  return statusCode === null ? null : { statusCode, headers: [], bodyStart: Buffer.alloc(0), bodyTruncated: true };
}

const interimAnswers = /^(?:\r?\n)*(?:HTTP\/1\.[01] 1\d\d[ \r\n][^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)*/i;
const statusLine = /^HTTP\/1\.[01] ([2-9]\d\d)(?: [^\n]*)?\r?\n/i;

/** The status of a response whose headers could not be parsed completely. Null: there is no complete status line. */
function statusLineOf({ beforeHead }: Received): number | null {
  const text = Buffer.concat(beforeHead).toString('latin1');
  const status = statusLine.exec(text.replace(interimAnswers, ''))?.[1];
  return status === undefined ? null : Number(status);
}
