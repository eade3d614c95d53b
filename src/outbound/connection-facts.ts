// What is known of one connection while it is opened.
import type { Socket } from 'node:net';

export interface Connection {
  socket: Socket | null;
  /** The address connected to, or the last one tried. */
  address: string | null;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** The operator's proxy is not reached yet: what fails, or takes its time, is ours. */
  atProxy: boolean;
}
