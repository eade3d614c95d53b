// The facts recorded about a connection while it is being opened: address, timings, socket.
import type { Socket } from 'node:net';

export interface Connection {
  socket: Socket | null;
  /** The address connected to, or the last one tried. */
  address: string | null;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** True until the operator's proxy is reached. A failure or timeout while true is internal, not the endpoint's. */
  atProxy: boolean;
}
