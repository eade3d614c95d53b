// Opens one connection to an endpoint and notes, while it comes up, where it goes and what each step took.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.ts';

export interface Connection {
  socket: Socket | null;
  /** The address connected to, or the last one tried. */
  address: string | null;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** What had been read from it before the exchange it carries. */
  bytesBefore: number;
}

interface ConnectOptions {
  guard: AddressGuard;
  /** PEM certificates to trust instead of the system's. */
  ca?: string | undefined;
}

/** For how long one of several addresses is tried before the next joins in. */
const nextAddressAfterMs = 1_000;
const sessionsKept = 1_000;
/** For one response as it comes over the wire: what undici does not count (chunk extensions, early responses) must not go on for ever. */
const maxWireBytes = 4 * 1024 * 1024;

export type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => Connection;

/** Makes the function that connects; it keeps TLS sessions, so that coming back to an endpoint is cheaper. */
export function createConnect({ guard, ca }: ConnectOptions): Connect {
  const sessions = new Map<string, Buffer>();

  return ({ protocol, hostname, port }, callback) => {
    const secure = protocol === 'https:';
    const bracketed = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
    const origin = new URL(`${protocol}//${bracketed}:${port || (secure ? 443 : 80)}`).origin;
    const connection: Connection = { socket: null, address: null, dnsMs: null, connectMs: null, tlsMs: null, bytesBefore: 0 };
    try {
      guard.checkLiteral(origin);
    } catch (error) {
      queueMicrotask(() => callback(error as Error, null));
      return connection;
    }
    const target = {
      host: hostname,
      port: Number(port || (secure ? 443 : 80)),
      lookup: guard.lookup(origin),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
      keepAlive: true,
      noDelay: true,
    };
    const servername = isIP(hostname) ? '' : hostname;
    const socket = secure
      ? connectTls({ ...target, servername, ca, session: sessions.get(origin), ALPNProtocols: ['http/1.1'] })
      : connectTcp(target);
    if (secure) keepSession(socket as TLSSocket, origin, sessions);
    note(socket, connection);
    const ready = secure ? 'secureConnect' : 'connect';
    socket.once(ready, () => socket.on('readable', () => limit(socket, connection)));
    answerOnce(socket, ready, callback);
    return connection;
  };
}

function note(socket: Socket, connection: Connection): void {
  connection.socket = socket;
  let since = performance.now();
  const lap = () => {
    const now = performance.now();
    const took = now - since;
    since = now;
    return took;
  };
  socket
    .once('lookup', () => {
      connection.dnsMs = lap();
    })
    .on('connectionAttempt', (address) => {
      connection.address = address;
    })
    .once('connect', () => {
      connection.connectMs = lap();
      connection.address = socket.remoteAddress ?? connection.address;
    })
    .once('secureConnect', () => {
      connection.tlsMs = lap();
    });
}

function limit(socket: Socket, connection: Connection): void {
  if (socket.bytesRead - connection.bytesBefore <= maxWireBytes) return;
  socket.destroy(Object.assign(new Error('the response does not end'), { code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }));
}

function answerOnce(socket: Socket, ready: 'connect' | 'secureConnect', callback: buildConnector.Callback): void {
  let answered = false;
  socket.once(ready, () => {
    answered = true;
    callback(null, socket);
  });
  // The listener stays: an error after that is told by undici's own.
  socket.on('error', (error) => {
    if (!answered) callback(error, null);
    answered = true;
  });
}

/** Resuming skips the check of the certificate's name, so only a session whose certificate was found right may be resumed. */
function keepSession(socket: TLSSocket, origin: string, sessions: Map<string, Buffer>): void {
  socket.on('session', (session) => {
    if (!socket.authorized) return;
    sessions.delete(origin);
    sessions.set(origin, session);
    const oldest = sessions.keys().next();
    if (sessions.size > sessionsKept && !oldest.done) sessions.delete(oldest.value);
  });
}
