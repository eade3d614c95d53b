// Carries one HTTP/1.1 exchange over an open connection, with Node's client and strict parser.
// A response that the parser refuses ends with an error. The bytes received so far are kept, and
// the connection is not used again.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { withConnectionHeaders } from '#domain/endpoints/request-headers';
import { type Received, receiveBody, receiveHead } from './receive.ts';

export interface HttpRequest {
  method: 'POST' | 'OPTIONS';
  path: string;
  host: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/**
 * `reusable`: the response was complete and valid, and the connection can carry another exchange. May be called
 * repeatedly; the first call counts.
 */
export type Ended = (error: Error | null, reusable: boolean) => void;

const maxHeaderBytes = 16 * 1024;
const maxBodyBytes = 1024 * 1024;

/**
 * Writes the request synchronously. `onReading` is called once the parser is attached and before the first byte
 * arrives.
 */
export function exchangeOn(
  socket: Socket,
  { method, path, host, headers, body }: HttpRequest,
  received: Received,
  ended: Ended,
  onReading: () => void,
): void {
  const bytes = body.length > 0 || method === 'POST' ? body.length : null;
  const options = { method, path, headers: withConnectionHeaders(headers, host, bytes), setHost: false };
  let asking: ClientRequest;
  try {
    asking = request({ ...options, createConnection: () => socket, maxHeaderSize: maxHeaderBytes, insecureHTTPParser: false });
  } catch (error) {
    // Node refuses to write an invalid header
    ended(error as Error, false);
    return;
  }
  asking
    .once('socket', onReading)
    // an error event can arrive before the body bytes that were read earlier
    .on('error', (error) => (received.head ? setImmediate(ended, error, false) : ended(error, false)))
    .once('upgrade', () => ended(switched(), false))
    .once('response', (response) => {
      if (response.statusCode === 101) {
        ended(switched(), false);
        return;
      }
      receiveHead(received, response.statusCode ?? 0, response.rawHeaders);
      read(response, received, ended);
      response.once('end', () => {
        // a server that responds before it has read the whole request may never read the rest
        if (!asking.shouldKeepAlive || !asking.writableFinished || socket.destroyed) ended(null, false);
        else socket.once('free', () => ended(null, true));
      });
    });
  asking.end(body);
}

function read(response: IncomingMessage, received: Received, ended: Ended): void {
  response.on('error', (error) => ended(error, false));
  response.on('data', (chunk: Buffer) => {
    receiveBody(received, chunk);
    if (received.bytes > maxBodyBytes) ended(tooLarge('its body is over 1 MiB and was not read to its end'), false);
  });
}

export function tooLarge(message: string): Error {
  return Object.assign(new Error(message), { code: 'POSTHORN_TOO_LARGE' });
}

function switched(): Error {
  return Object.assign(new Error('101 Switching Protocols'), { code: 'POSTHORN_UPGRADE' });
}
