// A sandbox on its own test server, with helpers for its requests.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { RecordedRequest } from '#sandbox/recordings';
import { createSandbox } from '#sandbox/sandbox';
import type { EndpointSigning } from '#sandbox/verify-request';

export const apiKey = 'an admin key for tests';
/** Has a secret. Loading the secrets of `faultyDelivery` fails; every other delivery is unknown. */
export const delivery = `dlv_${'0'.repeat(12)}7${'0'.repeat(3)}8${'0'.repeat(15)}`;
export const faultyDelivery = delivery.replace(/0$/, '1');
const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`;

export type SandboxServer = Awaited<ReturnType<typeof startSandbox>>;

/** Drips every 20 ms, for at most 200 ms. */
export async function startSandbox() {
  const pace = { dripEveryMs: 20, longestMs: 200 };
  const server = express().use('/sandbox', createSandbox({ apiKey, signingOf, pace })).listen(0, '127.0.0.1');
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const ask = (path: string, method = 'GET', key = apiKey) =>
    fetch(`${origin}/sandbox/${path}`, { method, headers: { authorization: `Bearer ${key}` } });

  return {
    port,
    origin,
    ask,
    post(path: string, { body = '{}' as string | Uint8Array<ArrayBuffer>, headers = {} as Record<string, string> } = {}) {
      return fetch(`${origin}/sandbox/${path}`, { method: 'POST', body, headers });
    },
    async recorded(id: string): Promise<RecordedRequest[]> {
      const response = await ask(id);
      expect(response.status).toBe(200);
      return ((await response.json()) as { requests: RecordedRequest[] }).requests;
    },
    /** Whether the server has an open connection from this client port. */
    isConnectedFrom: (remotePort: number | undefined) => [...connections].some((socket) => socket.remotePort === remotePort),
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function signingOf(id: string): Promise<EndpointSigning | null> {
  if (id === faultyDelivery) throw new Error('the store is away');
  return id === delivery ? { signing: null, secrets: [secret], publicKeys: [], messageSecrets: [] } : null;
}

export function signedHeaders(body: string, id = 'evt_1') {
  const at = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
    'posthorn-delivery': delivery,
    'posthorn-attempt': '3',
  };
}
