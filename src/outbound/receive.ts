// Keeps what arrives of one response: the bytes until its headers are complete, then its head and the start of its body.
import type { EndpointResponse } from '#domain/outcome';
import { decoded } from './content-encoding.ts';

export const keptBytes = 64 * 1024;
/** Interim responses and headers may take so many bytes. */
const maxBytesBeforeHead = 64 * 1024;
/** For one response as it comes over the wire: chunk extensions, trailers and the like must not go on for ever. */
const maxWireBytes = 4 * 1024 * 1024;
/** More are merged into one: an endpoint that sends its body byte by byte must not make an object of each. */
const maxParts = 256;

/** What has arrived of a response so far. */
export interface Received {
  /** All bytes that the connection delivered during the exchange. */
  wireBytes: number;
  /** Those bytes, until the headers are complete. */
  beforeHead: Buffer[];
  head: { statusCode: number; headers: [string, string][]; at: number } | null;
  body: Buffer[];
  kept: number;
  /** Of the body, with those that were not kept. */
  bytes: number;
}

export function nothingReceived(): Received {
  return { wireBytes: 0, beforeHead: [], head: null, body: [], kept: 0, bytes: 0 };
}

/** Called for each chunk before the parser reads it. False: the response is larger than any may be. */
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

/** Keeps a copy: the chunk is a window on all that was read with it, which may be a thousand times as much. */
export function receiveBody(received: Received, chunk: Buffer): void {
  received.bytes += chunk.length;
  if (received.kept >= keptBytes) return;
  const part = Buffer.from(chunk.subarray(0, keptBytes - received.kept));
  received.kept += part.length;
  received.body.push(part);
  if (received.body.length > maxParts) received.body = [Buffer.concat(received.body)];
}

/** `isWhole`: the response ended as it should. */
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

/** The status of a response whose headers the parser could not read to their end; null: its status line is not complete, or is none. */
function statusLineOf({ beforeHead }: Received): number | null {
  const text = Buffer.concat(beforeHead).toString('latin1');
  const status = statusLine.exec(text.replace(interimAnswers, ''))?.[1];
  return status === undefined ? null : Number(status);
}
