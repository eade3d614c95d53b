// Real proxies on 127.0.0.1 that record their destinations. They close when their test ends.
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createServer as createSocksServer, defaultConnectionHandler } from '@pondwader/socks5-server';
import { Server as HttpProxy } from 'proxy-chain';
import { onTestFinished } from 'vitest';
import { until } from '../support/until.ts';

export interface RunningProxy {
  port: number;
  /** The requested destinations, as host:port. */
  asked: string[];
}

const user = { username: 'post', password: 'horn: %' };
export const userInfo = `${user.username}:${encodeURIComponent(user.password)}@`;

/** Accepts only the user name and password of `userInfo`. */
export async function startHttpProxy(): Promise<RunningProxy> {
  const asked: string[] = [];
  const server = new HttpProxy({
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction({ username, password, hostname, port }) {
      asked.push(`${hostname}:${port}`);
      return { requestAuthentication: username !== user.username || password !== user.password };
    },
  });
  await server.listen();
  onTestFinished(() => server.close(true));
  return { port: server.port, asked };
}

export async function startSocksProxy(): Promise<RunningProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createSocksServer({ auth: user });
  server.setConnectionHandler((connection, sendStatus) => {
    sockets.add(connection.socket as Socket);
    asked.push(`${connection.destAddress}:${connection.destPort}`);
    return defaultConnectionHandler(connection, sendStatus);
  });
  let port = 0;
  const inner = server as unknown as { server: { address(): AddressInfo | null } };
  server.listen(0, '127.0.0.1');
  await until('the SOCKS proxy', async () => {
    port = inner.server.address()?.port ?? 0;
    return port > 0;
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve as () => void));
  });
  return { port, asked };
}

/** The same behind TLS, or a proxy that sends only these bytes. */
export async function startInFront(serve: (socket: Socket) => void, tls?: TlsOptions): Promise<number> {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  };
  const server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

export function passOn(port: number): (socket: Socket) => void {
  return (socket) => {
    const there = connectTcp(port, '127.0.0.1');
    there.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => there.destroy());
    socket.pipe(there).pipe(socket);
  };
}
