// The egress proxy, set by the operator: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928). A
// failure of the proxy itself is internal and uses up no attempt. A failure that the proxy reports
// about the endpoint's address is the endpoint's (docs/decisions/0017).
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { SocksClient } from 'socks';
import { LocalFault } from './local-fault.ts';

export interface EgressProxy {
  /**
   * Opens a tunnel to this address on an unconnected socket. Calls `atProxy(true)` while connecting to the proxy, then
   * `atProxy(false)`.
   */
  open(address: string, port: number, socket: Socket, atProxy: (is: boolean) => void): Promise<Socket>;
  /** True for this server's own origin, which is reached directly. */
  isBypassed(origin: string): boolean;
}

interface ProxyOptions {
  /** http, https or socks5, with or without user and password. */
  url: string;
  /** Used for an https proxy. */
  secureContext: SecureContext;
  ownOrigin?: string | undefined;
}

interface At {
  host: string;
  port: number;
  username: string;
  password: string;
}

const usualPorts: Record<string, number> = { 'http:': 80, 'https:': 443, 'socks5:': 1080 };
const maxHeaderBytes = 16 * 1024;

export function createProxy({ url, secureContext, ownOrigin }: ProxyOptions): EgressProxy {
  const { protocol, hostname, port, username, password } = new URL(url);
  const at = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (usualPorts[protocol] ?? 0),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  const own = ownOrigin === undefined ? null : new URL(ownOrigin).origin;

  async function reach(socket: Socket): Promise<Socket> {
    socket.on('error', () => undefined);
    try {
      await once(socket.setNoDelay().setKeepAlive(true).connect({ host: at.host, port: at.port }), 'connect');
      if (protocol !== 'https:') return socket;
      const servername = isIP(at.host) ? '' : at.host;
      const secured = connectTls({ socket, host: at.host, servername, secureContext, rejectUnauthorized: true });
      secured.on('error', () => undefined).once('close', () => socket.destroy());
      await once(secured, 'secureConnect');
      return secured;
    } catch (error) {
      throw fault(`cannot connect to the egress proxy ${at.host}:${at.port}`, error);
    }
  }

  return {
    isBypassed: (origin) => origin === own,
    async open(address, portThere, socket, atProxy) {
      atProxy(true);
      const reached = await reach(socket);
      atProxy(false);
      return protocol === 'socks5:' ? bySocks(at, reached, address, portThere) : byConnect(at, reached, address, portThere);
    },
  };
}

async function bySocks({ host, port, username, password }: At, socket: Socket, address: string, portThere: number): Promise<Socket> {
  try {
    const opened = await SocksClient.createConnection({
      proxy: { host, port, type: 5, ...(username !== '' && { userId: username, password }) },
      command: 'connect',
      destination: { host: address, port: portThere },
      existing_socket: socket,
    });
    return opened.socket;
  } catch (error) {
    // the library's error object holds the proxy password, so only its message is passed on
    const message = error instanceof Error ? error.message : String(error);
    const code = codeOfReply(message);
    throw code ? endpoints(code, new Error(message)) : fault(`the egress proxy ${host}:${port} opens no tunnel: ${message}`, undefined);
  }
}

/** The SOCKS reply (RFC 1928, 6) as an error code. The library names the reply only in its message. */
function codeOfReply(message: string): string | null {
  if (message.endsWith('rejected connection - ConnectionRefused')) return 'ECONNREFUSED';
  return message.endsWith('rejected connection - HostUnreachable') ? 'EHOSTUNREACH' : null;
}

async function byConnect({ host, port, username, password }: At, socket: Socket, address: string, portThere: number): Promise<Socket> {
  const path = `${isIP(address) === 6 ? `[${address}]` : address}:${portThere}`;
  const authorization = username !== '' && `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const asking = request({
    method: 'CONNECT',
    path,
    headers: { host: path, ...(authorization && { 'proxy-authorization': authorization }) },
    createConnection: () => socket,
    maxHeaderSize: maxHeaderBytes,
  });
  const answered = once(asking, 'connect') as Promise<[IncomingMessage, Socket, Buffer]>;
  asking.end();
  const [response, tunnel, head] = await answered.catch((error) => {
    throw fault(`the egress proxy ${host}:${port} does not respond`, error);
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    if (head.length > 0) tunnel.unshift(head);
    return tunnel;
  }
  tunnel.destroy();
  const refused = new Error(`the egress proxy ${host}:${port} answers ${status} to CONNECT`);
  const code = codeOfRefusal(response);
  throw code ? endpoints(code, refused) : fault(refused.message, refused);
}

/**
 * Errors about the endpoint's address: `Proxy-Status` (RFC 9209, 2.3), or Squid's `X-Squid-Error` with the Linux errno
 * of its connect.
 */
const codesSaid = new Map([
  ['connection_refused', 'ECONNREFUSED'],
  ['connection_timeout', 'ETIMEDOUT'],
  ['destination_unavailable', 'EHOSTUNREACH'],
  ['destination_ip_unroutable', 'EHOSTUNREACH'],
  ['ERR_CONNECT_FAIL 110', 'ETIMEDOUT'],
  ['ERR_CONNECT_FAIL 111', 'ECONNREFUSED'],
  ['ERR_CONNECT_FAIL 113', 'EHOSTUNREACH'],
]);

/** Null: the response says nothing about the endpoint's address. A bare 502 or 504 may be the proxy's own failure. */
function codeOfRefusal({ headers }: IncomingMessage): string | null {
  const type = /;\s*error=([a-z_]{1,50})/.exec(headers['proxy-status']?.toString() ?? '')?.[1];
  return codesSaid.get(type ?? headers['x-squid-error']?.toString() ?? '') ?? null;
}

function endpoints(code: string, cause: unknown): Error {
  return Object.assign(new Error('the egress proxy cannot connect to the endpoint', { cause }), { code });
}

function fault(message: string, cause: unknown): LocalFault {
  return new LocalFault('proxy', message, cause);
}
