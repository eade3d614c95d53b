// Finds free TCP ports on 127.0.0.1 for the embedded servers.
import { createServer } from 'node:net';

const portsTried = 100;
const highestPort = 65_535;

/** A port that is free right now. Another process may take it first, so the caller must retry with a new one. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('no free TCP port on 127.0.0.1');
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

/** The first free port from `wanted` upwards; with 0 any free one. */
export async function freePortFrom(wanted: number): Promise<number> {
  for (let port = wanted; port !== 0 && port < wanted + portsTried && port <= highestPort; port++) {
    if (await isPortFree(port)) return port;
  }
  return freePort();
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(bound));
    });
  });
}
