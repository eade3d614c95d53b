// A way to an endpoint through the operator's proxy, to an address that was resolved and checked here: the proxy resolves nothing.
import type { LookupAddress } from 'node:dns';
import { isIP, Socket } from 'node:net';
import type { AddressGuard } from './address-guard.ts';
import type { Connection } from './connection-facts.ts';
import { LocalFault } from './local-fault.ts';
import type { EgressProxy } from './proxy.ts';

export interface Destination {
  secure: boolean;
  host: string;
  port: number;
  origin: string;
}

/** Tries one address after the other. Rejects with the endpoint's error, or with a LocalFault for what is the proxy's. */
export async function openTunnel(proxy: EgressProxy, guard: AddressGuard, to: Destination, connection: Connection): Promise<Socket> {
  // stands for the connection until there is one: who gives up destroys it
  const standIn = new Socket();
  connection.socket = standIn;
  const beganAt = performance.now();
  const addresses = isIP(to.host) ? [to.host] : await resolve(guard, to);
  const resolvedAt = performance.now();
  if (!isIP(to.host)) connection.dnsMs = resolvedAt - beganAt;
  let failure: unknown;
  let fault: LocalFault | undefined;
  for (const address of addresses) {
    if (standIn.destroyed) break;
    const socket = new Socket();
    standIn.once('close', () => socket.destroy());
    connection.address = address;
    try {
      const tunnel = await proxy.open(address, to.port, socket, (atProxy) => {
        connection.atProxy = atProxy;
      });
      connection.connectMs = performance.now() - resolvedAt;
      return tunnel;
    } catch (error) {
      socket.destroy();
      if (!(error instanceof LocalFault)) failure = error;
      // a proxy that is not there is there for no address; one that cannot say why it does not get to this one may get to the next
      else if (connection.atProxy) throw error;
      else fault ??= error;
    }
  }
  throw fault ?? failure ?? new LocalFault('aborted', 'the attempt was given up');
}

function resolve(guard: AddressGuard, { host, origin }: Destination): Promise<string[]> {
  return new Promise((done, fail) =>
    guard.lookup(origin)(host, { all: true }, (error, found) => {
      if (error) fail(error);
      else done((found as LookupAddress[]).map(({ address }) => address));
    }),
  );
}
