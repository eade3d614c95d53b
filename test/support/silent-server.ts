// A server that accepts connections and never says anything.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { onTestFinished } from 'vitest';

export interface SilentServer {
  port: number;
  /** Resolves when somebody has connected. */
  connected: Promise<unknown>;
  /** How many are connected. */
  open(): number;
}

/** Until the end of the test. */
export async function startSilentServer(ended: typeof onTestFinished): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).once('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, connected: once(server, 'connection'), open: () => sockets.size };
}
