// Hears one response: keeps its head and the start of its body, and tells once how it ended. It has the last word on whether its request is sent.
import type { Dispatcher } from 'undici';
import type { EndpointResponse } from '../domain/outcome.ts';
import { LocalFault } from './local-fault.ts';

const keptBytes = 64 * 1024;
/** More are made one: an endpoint that sends its body byte by byte must not make an object of each. */
const mostParts = 256;

/** What has been heard of a response so far. */
export interface Received {
  head: { statusCode: number; headers: [string, string][]; at: number } | null;
  body: Buffer[];
  kept: number;
  bytes: number;
}

export function nothingReceived(): Received {
  return { head: null, body: [], kept: 0, bytes: 0 };
}

/**
 * Tells `ended` of the end: without an error when the response is whole. It may tell more than once; the first counts.
 * `isTooLate`: asked right before the request is written.
 */
export function receiveInto(
  received: Received,
  isTooLate: () => boolean,
  ended: (error: Error | null) => void,
): Dispatcher.DispatchHandler {
  let requested = false;
  return {
    // undici calls it when the connection is ready, and writes the request in the same breath if this did not abort it
    onRequestStart(controller) {
      // Posting twice is for the retry schedule to decide; a client that would do it by itself is stopped.
      if (requested) controller.abort(Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' }));
      else if (isTooLate()) controller.abort(tooLate());
      requested = true;
    },
    onResponseStart(controller, statusCode) {
      if (statusCode < 200) return;
      received.head = { statusCode, headers: pairs(controller.rawHeaders), at: performance.now() };
    },
    onResponseData(_, chunk) {
      received.bytes += chunk.length;
      if (received.kept < keptBytes) keep(received, chunk.subarray(0, keptBytes - received.kept));
    },
    onResponseEnd: () => ended(null),
    onResponseError: (_, error) => ended(error),
  };
}

export function tooLate(): LocalFault {
  return new LocalFault('too_late', 'the moment until which it might be sent has passed');
}

export function responseOf({ head, body, kept, bytes }: Received): EndpointResponse | null {
  if (!head) return null;
  return { statusCode: head.statusCode, headers: head.headers, bodyStart: Buffer.concat(body, kept), bodyTruncated: bytes > kept };
}

/** As a copy: what comes is a window on all that was read with it, which may be a thousand times as much. */
function keep(received: Received, part: Buffer): void {
  received.kept += part.length;
  received.body.push(Buffer.from(part));
  if (received.body.length > mostParts) received.body = [Buffer.concat(received.body)];
}

function pairs(raw: Dispatcher.DispatchController['rawHeaders']): [string, string][] {
  if (!Array.isArray(raw)) return [];
  const text = raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
  return Array.from({ length: text.length / 2 }, (_, i) => [text[2 * i] ?? '', text[2 * i + 1] ?? '']);
}
