// The cases of `bench/actions.ts`, and how they call Posthorn and its receiver.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { benchKey } from './posthorn.ts';

const minuteMs = 60_000;
const deliveredWithinMs = 120_000;

/** A tenant of its own for one case. */
export interface CaseStage {
  endpoint(more?: object, query?: string): Promise<string>;
  /** Posts events at the same time and resolves when each of their deliveries has this status. */
  deliver(events: number, status: string): Promise<string[]>;
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  until(deliveryId: string, status: string): Promise<void>;
  /** Posts an event every `everyMs` for a minute. */
  postForAMinute(everyMs: number): Promise<void>;
}

export interface ActionCase {
  name: string;
  mode: 'individual' | 'batched';
  /** Prepares, and returns what is counted. */
  prepare(stage: CaseStage): Promise<() => Promise<unknown>>;
}

const threeRetries = { retry: { schedule: ['1s', '1s', '1s'] } };

export const actionCases: ActionCase[] = [
  delivers('individual, accepted', 'individual', 1, 'succeeded', (stage) => stage.endpoint()),
  delivers('individual, accepted by 10 endpoints', 'individual', 1, 'succeeded', (stage) =>
    Promise.all(Array.from({ length: 10 }, (_, n) => stage.endpoint({}, `?n=${n}`))),
  ),
  delivers('individual, refused once', 'individual', 1, 'succeeded', (stage) => stage.endpoint(threeRetries, '?refuse=1')),
  delivers('individual, a dead letter after 4 refusals', 'individual', 1, 'dead_lettered', (stage) =>
    stage.endpoint(threeRetries, '?refuse=4'),
  ),
  delivers('individual, accepted by a request of 10 s', 'individual', 1, 'succeeded', (stage) =>
    stage.endpoint({ timeoutMs: 30_000 }, '?ms=10000'),
  ),
  {
    name: 'replay of a dead letter, accepted',
    mode: 'individual',
    async prepare(stage) {
      await stage.endpoint(threeRetries, '?refuse=4');
      const [dead = ''] = await stage.deliver(1, 'dead_lettered');
      return async () => {
        await stage.call('POST', `/v1/deliveries/${dead}/replay`);
        await stage.until(dead, 'succeeded');
      };
    },
  },
  forAMinute('a paced lane with 5 events a second, a minute', (stage) => stage.postForAMinute(200)),
  forAMinute('a paced lane with an event every 4 s, a minute', (stage) => stage.postForAMinute(4_000)),
  forAMinute('a paced lane with an event every 20 s, a minute', (stage) => stage.postForAMinute(20_000)),
  {
    name: 'a paused endpoint with 5 events a second, a minute',
    mode: 'individual',
    async prepare(stage) {
      await stage.call('POST', `/v1/endpoints/${await stage.endpoint()}/pause`);
      return () => stage.postForAMinute(200);
    },
  },
  { name: 'idle, a minute', mode: 'individual', prepare: async () => () => delay(minuteMs) },
  delivers('batched, 20 accepted', 'batched', 20, 'succeeded', (stage) => stage.endpoint()),
  delivers('batched, refused once', 'batched', 1, 'succeeded', (stage) => stage.endpoint(threeRetries, '?refuse=1')),
  delivers('batched, a dead letter after 4 refusals', 'batched', 1, 'dead_lettered', (stage) => stage.endpoint(threeRetries, '?refuse=4')),
];

function delivers(
  name: string,
  mode: ActionCase['mode'],
  events: number,
  status: string,
  prepare: (stage: CaseStage) => Promise<unknown>,
): ActionCase {
  return {
    name,
    mode,
    async prepare(stage) {
      await prepare(stage);
      return () => stage.deliver(events, status);
    },
  };
}

function forAMinute(name: string, run: (stage: CaseStage) => Promise<void>): ActionCase {
  return {
    name,
    mode: 'individual',
    async prepare(stage) {
      await stage.endpoint({ rateLimit: { perSecond: 10 } });
      return () => run(stage);
    },
  };
}

/** `?ms=` delays the answer; `?refuse=` is the number of requests of each webhook-id that are refused. */
export async function startCaseReceiver(): Promise<{ url: string; close(): void }> {
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://receiver');
    const id = String(request.headers['webhook-id']);
    const number = (requests.get(id) ?? 0) + 1;
    requests.set(id, number);
    const status = number <= Number(searchParams.get('refuse') ?? 0) ? 500 : 204;
    request.resume().on('end', () => setTimeout(() => response.writeHead(status).end(), Number(searchParams.get('ms') ?? 0)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

interface SeenEvent {
  deliveries: { id: string; status: string }[];
}

/** `api` and `receiver`: their URLs. `tenant`: its id, which must be new. */
export async function openCaseStage(api: string, receiver: string, tenant: string): Promise<CaseStage> {
  const headers = { authorization: `Bearer ${benchKey}`, 'content-type': 'application/json' };
  const call: CaseStage['call'] = async (method, path, body) => {
    const answer = await fetch(`${api}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const post = async () => {
    const event = { type: 'order.created', data: {} };
    return ((await call('POST', `/v1/tenants/${tenant}/events`, event)) as { id: string }).id;
  };
  await call('POST', '/v1/tenants', { id: tenant, name: tenant });
  let endpoints = 0;
  return {
    call,
    async endpoint(more = {}, query = '') {
      endpoints++;
      const made = await call('POST', `/v1/tenants/${tenant}/endpoints`, { url: `${receiver}/${tenant}${query}`, ...more });
      return (made as { id: string }).id;
    },
    async deliver(events, status) {
      const ids = await Promise.all(Array.from({ length: events }, post));
      return (
        await Promise.all(ids.map((id) => settled(() => call('GET', `/v1/tenants/${tenant}/events/${id}`), endpoints, status)))
      ).flat();
    },
    async until(deliveryId, status) {
      await poll(
        `${deliveryId} to be ${status}`,
        async () => ((await call('GET', `/v1/deliveries/${deliveryId}`)) as { status: string }).status === status,
      );
    },
    async postForAMinute(everyMs) {
      for (const until = Date.now() + minuteMs; Date.now() < until; await delay(everyMs)) await post();
    },
  };
}

async function settled(read: () => Promise<unknown>, endpoints: number, status: string): Promise<string[]> {
  let deliveries: SeenEvent['deliveries'] = [];
  await poll(`deliveries to be ${status}`, async () => {
    ({ deliveries } = (await read()) as SeenEvent);
    return deliveries.length === endpoints && deliveries.every((delivery) => delivery.status === status);
  });
  return deliveries.map(({ id }) => id);
}

async function poll(what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + deliveredWithinMs; !(await isThere()); await delay(200))
    if (Date.now() > until) throw new Error(`waited ${deliveredWithinMs} ms for ${what}`);
}
