// `node bench/actions.ts [--case name …]`: counts the actions that a hosted Temporal would bill, by the counter of the
// Temporal server itself: an idle Posthorn, a lane that is awake, a slow request, parked events.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '#config/config';
import { freePort } from '#embedded/free-port';
import { startPosthorn } from './posthorn.ts';
import { openStores, type Stores } from './stores.ts';

const minuteMs = 60_000;
const settleMs = 10_000;
const apiKey = 'bench-key-0123456789abcdef';
const say = (line: string) => process.stdout.write(`${line}\n`);

interface Stage {
  tenant: string;
  url: string;
  call(path: string, body?: object): Promise<{ id: string }>;
  endpoint(more?: object, query?: string): Promise<{ id: string }>;
  /** Posts an event every `everyMs` for a minute. */
  postForAMinute(everyMs: number): Promise<void>;
}

/** Each prepares, and returns what is counted. */
const cases: Record<string, (stage: Stage) => Promise<() => Promise<unknown>>> = {
  async 'idle, a minute'() {
    return () => delay(minuteMs);
  },
  async 'a paced lane with 5 events a second, a minute'(stage) {
    await stage.endpoint({ rateLimit: { perSecond: 10 } });
    return () => stage.postForAMinute(200);
  },
  async 'a paced lane with an event every 4 s, a minute'(stage) {
    await stage.endpoint({ rateLimit: { perSecond: 10 } });
    return () => stage.postForAMinute(4_000);
  },
  async 'a paced lane with an event every 20 s, a minute'(stage) {
    await stage.endpoint({ rateLimit: { perSecond: 10 } });
    return () => stage.postForAMinute(20_000);
  },
  async 'a paused endpoint with 5 events a second, a minute'(stage) {
    const { id } = await stage.endpoint();
    await stage.call(`/v1/endpoints/${id}/pause`);
    return () => stage.postForAMinute(200);
  },
  async 'a delivery with a workflow of its own, accepted at once'(stage) {
    await stage.endpoint();
    return () => stage.call(`/v1/tenants/${stage.tenant}/events`, { type: 'order.created', data: {} }).then(() => delay(5_000));
  },
  async 'the same, by a request of 10 s'(stage) {
    await stage.endpoint({ timeoutMs: 30_000 }, '?ms=10000');
    return () => stage.call(`/v1/tenants/${stage.tenant}/events`, { type: 'order.created', data: {} }).then(() => delay(15_000));
  },
};

async function actionsOf(metricsPort: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const found = new Map<string, number>();
  for (const [, labels = '', value] of text.matchAll(/^action\{([^}]*)\} (\S+)$/gm)) {
    const type = /action_type="([^"]*)"/.exec(labels)?.[1] ?? labels;
    found.set(type, (found.get(type) ?? 0) + Number(value));
  }
  return found;
}

function environment({ databaseUrl, temporalAddress }: Stores, port: number): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    POSTHORN_API_KEY: apiKey,
    POSTHORN_MASTER_KEY: Buffer.alloc(32, 'posthorn bench').toString('base64'),
    POSTHORN_ALLOW_CIDRS: '127.0.0.0/8',
    LOG_LEVEL: 'warn',
  };
}

function openStage(port: number, receiver: string, tenant: string): Stage {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const call: Stage['call'] = async (path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { id: string };
  };
  return {
    tenant,
    url: receiver,
    call,
    endpoint: (more = {}, query = '') => call(`/v1/tenants/${tenant}/endpoints`, { url: `${receiver}/hook${query}`, ...more }),
    async postForAMinute(everyMs) {
      for (const until = Date.now() + minuteMs; Date.now() < until; await delay(everyMs))
        await call(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: {} });
    },
  };
}

async function measure(stores: Stores, metricsPort: number, wanted: string[]): Promise<void> {
  const receiver = createServer((request, response) => {
    const ms = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('ms') ?? 0);
    request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), ms));
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const port = await freePort();
  const posthorn = await startPosthorn('start', environment(stores, port), join(stores.folder, 'posthorn.log'));
  await delay(settleMs);
  say('| case | actions | of |\n| --- | --- | --- |');
  for (const [index, name] of wanted.entries()) {
    const stage = openStage(port, origin, `bench-${index}`);
    await stage.call('/v1/tenants', { id: stage.tenant, name: stage.tenant });
    const run = await cases[name]?.(stage);
    await delay(settleMs);
    const before = await actionsOf(metricsPort);
    await run?.();
    const grown = [...(await actionsOf(metricsPort))].map(([type, value]) => [type, value - (before.get(type) ?? 0)] as const);
    const made = grown.filter(([, value]) => value > 0);
    say(`| ${name} | ${made.reduce((sum, [, value]) => sum + value, 0)} | ${made.map(([type, value]) => `${value} ${type}`).join(', ')} |`);
    // the lanes of this case rest before the next one
    await delay(settleMs);
  }
  await posthorn.stop();
  receiver.close();
}

const { values } = parseArgs({ options: { case: { type: 'string', multiple: true, default: [] } } });
const wanted = Object.keys(cases).filter((name) => values.case.length === 0 || values.case.some((part) => name.includes(part)));
const metricsPort = await freePort();
const stores = await openStores(readConfig({ XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }), metricsPort);
await measure(stores, metricsPort, wanted).finally(() => stores.stop());
