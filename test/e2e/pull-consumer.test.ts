// examples/pull-consumer: a consumer that is often offline lives from missed events alone. It is killed at any moment, and
// writes each order once, in order.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { type InstalledClient, installClient } from '../support/client-package.ts';
import type { TestPosthorn } from '../support/posthorn.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

let installed: InstalledClient;
beforeAll(async () => {
  installed = await installClient();
  copyFileSync('examples/pull-consumer/consume.mjs', join(installed.folder, 'consume.mjs'));
});
afterAll(() => installed?.remove());

const ordersFile = () => join(installed.folder, 'orders.ndjson');
const ordersIn = (text: string) => text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line).orderId as number] : []));
const orders = () => (existsSync(ordersFile()) ? ordersIn(readFileSync(ordersFile(), 'utf8')) : []);
const numbers = (from: number, below: number) => Array.from({ length: below - from }, (_, n) => from + n);

/** An endpoint to which nothing is sent, and the environment of its consumer, who has a key of his own. */
async function pausedEndpoint(posthorn: TestPosthorn) {
  const tenant = await posthorn.makeTenant();
  const { id: endpoint } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/never-called', { eventTypes: ['order.*'] });
  await posthorn.post(`/v1/endpoints/${endpoint}/pause`);
  const scopes = ['deliveries:read', 'deliveries:act'];
  const { body: key } = await posthorn.post('/v1/api-keys', { name: 'till', tenant, scopes });
  const env = { ...process.env, POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: key.key, POSTHORN_ENDPOINT: endpoint };
  return { tenant, endpoint, env };
}

async function order(posthorn: TestPosthorn, { tenant, endpoint }: { tenant: string; endpoint: string }, ids: number[]): Promise<void> {
  const { body: before } = await posthorn.get(`/v1/endpoints/${endpoint}/missed?limit=250`);
  const events = ids.map((orderId) => ({ type: 'order.created', data: { orderId } }));
  // one after the other: events of a batch may become visible in any order of their deliveries
  for (const event of events) await posthorn.postEvent(tenant, event);
  await until('they are listed', async () => {
    const { body } = await posthorn.get(`/v1/endpoints/${endpoint}/missed?limit=250&after=${before.cursor}`);
    return body.data.length >= ids.length - before.data.length;
  });
}

withPosthorn('the example gets each order once and in order, offline, killed and started again', async ({ posthorn }) => {
  const consumer = await pausedEndpoint(posthorn);
  const consume = () => run(process.execPath, ['consume.mjs'], { cwd: installed.folder, env: consumer.env });
  expect((await consume()).stdout).toBe('0 events fetched, 0 known\n');

  await order(posthorn, consumer, numbers(0, 10));
  expect((await consume()).stdout).toBe('10 events fetched, 10 known\n');
  expect(orders()).toEqual(numbers(0, 10));
  expect((await consume()).stdout).toBe('0 events fetched, 10 known\n');

  await order(posthorn, consumer, numbers(10, 35));
  const killed = spawn(process.execPath, ['consume.mjs'], { cwd: installed.folder, env: consumer.env });
  const exit = new Promise((resolve) => killed.once('exit', resolve));
  await until('it has written some', () => orders().length > 10, 60_000, 10);
  killed.kill('SIGKILL');
  await exit;
  await consume();
  expect(orders()).toEqual(numbers(0, 35));
  expect((await posthorn.get(`/v1/endpoints/${consumer.endpoint}/missed`)).body.data).toEqual([]);
  expect((await posthorn.get(`/v1/deliveries?endpoint=${consumer.endpoint}&status=succeeded&limit=250`)).body.data).toHaveLength(35);
});
