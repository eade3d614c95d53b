// The proxy of the chaos tests passes on what it should, in order, and nothing else.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** A server that returns what it gets, behind the proxy. */
async function echoBehindProxy(): Promise<TcpProxy> {
  const server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startTcpProxy((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });
  return proxy;
}

function client(proxy: TcpProxy): { socket: Socket; got(): string; failed(): boolean } {
  const socket = connect(proxy.port, '127.0.0.1');
  const got: string[] = [];
  let hasFailed = false;
  socket
    .on('data', (chunk) => got.push(String(chunk)))
    .on('error', () => {
      hasFailed = true;
    });
  onTestFinished(() => void socket.destroy());
  return { socket, got: () => got.join(''), failed: () => hasFailed };
}

it('passes bytes on in order, also when they are delayed', async () => {
  const proxy = await echoBehindProxy();
  const { socket, got } = client(proxy);
  proxy.set(30);
  const sent = Array.from({ length: 50 }, (_, n) => `${n},`);
  const began = performance.now();
  for (const part of sent) socket.write(part);
  await until('the echo', () => got() === sent.join(''));
  expect(performance.now() - began).toBeGreaterThanOrEqual(60);
});

it('holds everything back, and passes it on later', async () => {
  const proxy = await echoBehindProxy();
  const { socket, got } = client(proxy);
  socket.write('one');
  await until('the first echo', () => got() === 'one');
  proxy.set('blackhole');
  socket.write(' two');
  const other = client(proxy);
  other.socket.write('three');
  await until('the other connection', () => other.socket.readyState === 'open');
  expect([got(), other.got()]).toEqual(['one', '']);
  proxy.set('open');
  await until('both echoes', () => got() === 'one two' && other.got() === 'three');
});

it('resets connections, and those that come later', async () => {
  const proxy = await echoBehindProxy();
  const first = client(proxy);
  await until('a connection', () => first.socket.readyState === 'open');
  first.socket.write('one');
  await until('its echo', () => first.got() === 'one');
  proxy.set('cut');
  await until('its end', () => first.failed());
  const second = client(proxy);
  second.socket.write('two');
  await until('the end of the other', () => second.socket.destroyed);
  expect(second.got()).toBe('');
});
