// Opens a tunnel to an endpoint through the egress proxy. The name is resolved and checked here, so
// the proxy gets an address and resolves nothing.
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

/**
 * Tries the addresses one after the other. Rejects with the endpoint's error, or with a LocalFault if the proxy failed.
 */
export async function openTunnel(proxy: EgressProxy, guard: AddressGuard, to: Destination, connection: Connection): Promise<Socket> {
  // a placeholder until there is a connection; an aborted attempt destroys it
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
      // an unreachable proxy is unreachable for every address; after an unexplained refusal the next address may work
      else if (connection.atProxy) throw error;
      else fault ??= error;
    }
  }
  throw fault ?? failure ?? new LocalFault('aborted', 'the attempt was aborted');
}

function resolve(guard: AddressGuard, { host, origin }: Destination): Promise<string[]> {
  return new Promise((done, fail) =>
    guard.lookup(origin)(host, { all: true }, (error, found) => {
      if (error) fail(error);
      else done((found as LookupAddress[]).map(({ address }) => address));
    }),
  );
}
