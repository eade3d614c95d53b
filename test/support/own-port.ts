// Ports for servers that take theirs a moment later, or again after a stop. The system may give a port of `freePort` to any
// other server or connection meanwhile; it gives none of these. Each worker of the test run has its own.
import { readFileSync } from 'node:fs';
import { isPortFree } from '#embedded/free-port';

const lowest = 10_000;
const slices = 16;
/** Not of this module: files of one process may load it more than once. */
const key = Symbol.for('posthorn.own-port');
const holder = globalThis as { [key]?: number };

/** The first port that the system gives by itself. Linux says it; elsewhere it is higher. */
export function firstGiven(): number {
  try {
    return Number(/\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0]);
  } catch {
    return 32_768;
  }
}

export async function ownPort(): Promise<number> {
  const width = Math.floor((firstGiven() - lowest) / slices);
  const from = lowest + width * (Number(process.env.VITEST_POOL_ID ?? 0) % slices);
  for (let tries = 0; tries < width; tries++) {
    // from a random one on, because another run may be on this machine
    holder[key] = (holder[key] ?? Math.floor(Math.random() * width)) + 1;
    const port = from + (holder[key] % width);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port from ${from} to ${from + width - 1}`);
}
