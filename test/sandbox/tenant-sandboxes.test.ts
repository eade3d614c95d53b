// Requests to the sandboxes of tenants: which are looked up, and what is answered when there is no
// such sandbox or too many requests come.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { limitConcurrency } from '#sandbox/concurrency-limit';
import type { RecordedRequest } from '#sandbox/recordings';
import { createSandbox } from '#sandbox/sandbox';
import type { OpenTenantSandbox } from '#sandbox/tenant-sandboxes';

const id = `sbx_${'0'.repeat(12)}7${'0'.repeat(3)}8${'0'.repeat(15)}`;

async function startSandbox(ofTenants: OpenTenantSandbox): Promise<string> {
  const sandbox = createSandbox({ apiKey: 'an admin key for tests', signingOf: async () => null, ofTenants });
  const server = express().use('/sandbox', sandbox).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/sandbox`;
}

const post = (url: string) => fetch(url, { method: 'POST', body: '{}', headers: { 'webhook-id': 'evt_1' } });

it('a sandbox of a tenant has its stored script, and records what it answers', async () => {
  const recorded: RecordedRequest[] = [];
  let attempts = 0;
  const origin = await startSandbox(async (asked) =>
    asked === id
      ? { script: '500,204', signingOf: async () => null, countAttempt: () => ++attempts, record: (one) => void recorded.push(one) }
      : null,
  );
  // a script in the URL is for open sandboxes
  expect([(await post(`${origin}/${id}?script=418`)).status, (await post(`${origin}/${id}`)).status]).toEqual([500, 204]);
  expect(recorded.map(({ statusAnswered, webhookId, signature }) => [statusAnswered, webhookId, signature])).toEqual([
    [500, 'evt_1', 'unknown_delivery'],
    [204, 'evt_1', 'unknown_delivery'],
  ]);
  expect((await post(`${origin}/${id.slice(0, -1)}1`)).status).toBe(404);
  expect((await post(`${origin}/an-open-one?script=418`)).status).toBe(418);
});

it('requests that come too fast for the store get 503 and are told to come again', async () => {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()];
  const open = async () => {
    begun.resolve();
    return held.promise;
  };
  const origin = await startSandbox(limitConcurrency({ running: 1, waiting: 0 }, open));
  const first = post(`${origin}/${id}`);
  await begun.promise;
  const second = await post(`${origin}/${id}`);
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
  held.resolve(null);
  expect((await first).status).toBe(404);
});
