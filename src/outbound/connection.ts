// Opens one connection to an endpoint, directly or through the operator's proxy.
// Records the address and the time of each step (DNS, connect, TLS) while the connection opens.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { TlsIdentity } from './access.ts';
import type { AddressGuard } from './address-guard.ts';
import type { Connection } from './connection-facts.ts';
import type { EgressProxy } from './proxy.ts';
import { createTrust } from './trust.ts';
import { type Destination, openTunnel } from './tunnel.ts';

interface ConnectOptions {
  guard: AddressGuard;
  /** PEM certificates to trust instead of Node's default authorities. */
  ca?: string | string[] | undefined;
  /** Used for everything except requests to this server itself. */
  proxy?: EgressProxy | undefined;
}

/** Happy Eyeballs: how long one address is tried before the next one is tried in parallel. */
const nextAddressAfterMs = 1_000;
const sessionsKept = 1_000;

type Opened = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/**
 * Calls `callback` once, never synchronously. `identity`: null for an endpoint without a client certificate or
 * authorities of its own.
 */
export type Connect = (origin: string, identity: TlsIdentity | null, callback: Opened) => Connection;

/** Keeps TLS sessions, so that reconnecting to an endpoint is cheaper. */
export function createConnect({ guard, ca, proxy }: ConnectOptions): Connect {
  const trust = createTrust(ca);
  const sessions = new LRUCache<string, Buffer>({ max: sessionsKept });

  function open(to: Destination, identity: TlsIdentity | null, connection: Connection, callback: Opened): void {
    // a resumed session skips certificate checks, so it is never shared between identities
    const sessionKey = identity ? `${to.origin} ${identity.id}` : to.origin;
    const secured = to.secure && {
      host: to.host,
      servername: isIP(to.host) ? '' : to.host,
      secureContext: trust.contextOf(identity),
      rejectUnauthorized: true,
      session: sessions.get(sessionKey),
      ALPNProtocols: ['http/1.1'],
    };
    const ready = (socket: Socket) => {
      if (secured) keepSession(socket as TLSSocket, sessionKey, sessions);
      watch(socket, connection, secured ? 'secureConnect' : 'connect', callback);
    };
    if (proxy && !proxy.isBypassed(to.origin)) throughProxy(proxy, guard, to, secured, connection, ready, callback);
    else ready(direct(guard, to, secured));
  }

  return (origin, identity, callback) => {
    const to = destinationOf(origin);
    const connection: Connection = {
      socket: null,
      address: null,
      dnsMs: null,
      connectMs: null,
      tlsMs: null,
      atProxy: false,
    };
    try {
      guard.checkLiteral(to.origin);
      open(to, identity, connection, callback);
    } catch (error) {
      queueMicrotask(() => callback(error as Error, null));
    }
    return connection;
  };
}

function destinationOf(origin: string): Destination {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  return { secure, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (secure ? 443 : 80)), origin };
}

type Secured = ConnectionOptions | false;

function direct(guard: AddressGuard, { host, port, origin }: Destination, secured: Secured): Socket {
  const target = {
    host,
    port,
    lookup: guard.lookup(origin),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
    keepAlive: true,
    noDelay: true,
  };
  return secured ? connectTls({ ...target, ...secured }) : connectTcp(target);
}

/**
 * Resolves and checks the name here, and asks the proxy for the address. TLS runs inside the tunnel, to the endpoint.
 */
function throughProxy(
  proxy: EgressProxy,
  guard: AddressGuard,
  to: Destination,
  secured: Secured,
  connection: Connection,
  ready: (socket: Socket) => void,
  callback: Opened,
): void {
  openTunnel(proxy, guard, to, connection).then(
    (tunnel) => {
      if (!secured) return opened(tunnel, connection, callback);
      const socket = connectTls({ ...secured, socket: tunnel });
      socket.once('close', () => tunnel.destroy());
      ready(socket);
    },
    (error) => callback(error, null),
  );
}

function opened(socket: Socket, connection: Connection, callback: Opened): void {
  connection.socket = socket;
  socket.on('error', () => undefined);
  callback(null, socket);
}

function watch(socket: Socket, connection: Connection, ready: 'connect' | 'secureConnect', callback: Opened): void {
  note(socket, connection);
  answerOnce(socket, ready, callback);
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

function answerOnce(socket: Socket, ready: 'connect' | 'secureConnect', callback: Opened): void {
  let answered = false;
  socket.once(ready, () => {
    answered = true;
    callback(null, socket);
  });
  // The listener stays, because an unhandled 'error' would end the process. The exchange reports later errors itself.
  socket.on('error', (error) => {
    if (!answered) callback(error, null);
    answered = true;
  });
}

/** Keeps a session only if its certificate was verified. */
function keepSession(socket: TLSSocket, key: string, sessions: LRUCache<string, Buffer>): void {
  socket.on('session', (session) => {
    if (socket.authorized) sessions.set(key, session);
  });
}
