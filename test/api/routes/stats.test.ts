// The statistics over HTTP: what a Posthorn has delivered agrees with its attempts.
import { afterAll, describe, expect, it } from 'vitest';
import { countBacklogs } from '#db/stats/backlogs';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import { type Api, createApi } from '../../support/api.ts';
import type { TestPosthorn } from '../../support/posthorn.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { withPosthorn } from '../../support/shared-posthorn.ts';
import { until } from '../../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;
let accepting: string;
let refusing: string;
let paused: string;

withPosthorn.beforeAll(async ({ posthorn: shared }) => {
  posthorn = shared;
  receiver = await startReceiver();
  tenant = await posthorn.makeTenant();
  accepting = (await posthorn.makeEndpoint(tenant, `${receiver.url}/ok`)).id;
  refusing = (await posthorn.makeEndpoint(tenant, `${receiver.url}/no`, { retry: { schedule: ['100ms'] } })).id;
  paused = (await posthorn.makeEndpoint(tenant, `${receiver.url}/paused`)).id;
  receiver.answer('/no', [503, 500]);
  await posthorn.post(`/v1/endpoints/${paused}/pause`);
  for (let n = 0; n < 5; n++) await posthorn.postEvent(tenant);
  const done = { [accepting]: 'succeeded', [refusing]: 'dead_lettered', [paused]: 'held' };
  await until('all deliveries', async () => {
    const { body } = await posthorn.get(`/v1/deliveries?tenant=${tenant}`);
    return body.data.length === 15 && body.data.every((row: { endpoint: string; status: string }) => row.status === done[row.endpoint]);
  });
  const { db } = posthorn.database;
  await finishMinutes(db, 360);
  await countMinutes(db);
  await countBacklogs(db);
});
afterAll(() => receiver?.close());

const totals = async (path: string) => {
  const { status, body } = await posthorn.get(`/v1/${path}?window=1h`);
  expect(status).toBe(200);
  // the series holds the same
  const sum = (name: string) => body.series.reduce((all: number, step: Record<string, number>) => all + (step[name] ?? 0), 0);
  for (const name of ['accepted', 'delivered', 'failed']) expect(sum(name)).toBe(body.totals[name]);
  return body.totals;
};

describe('the statistics', () => {
  it('of an endpoint agree with its attempts', async () => {
    expect(await totals(`endpoints/${accepting}/stats`)).toMatchObject({
      accepted: 5,
      delivered: 5,
      failed: 0,
      successRate: 1,
      outcomes: { accepted: 5 },
      statusCodes: { 204: 5 },
      held: 0,
      deadLettered: 0,
      oldestWaitingMs: null,
    });
    expect(await totals(`endpoints/${refusing}/stats`)).toMatchObject({
      accepted: 5,
      delivered: 0,
      failed: 10,
      successRate: 0,
      outcomes: { http_status: 10 },
      statusCodes: { 500: 5, 503: 5 },
      deadLettered: 5,
    });
    expect(await totals(`endpoints/${paused}/stats`)).toMatchObject({
      accepted: 5,
      delivered: 0,
      successRate: null,
      latencyMs: { p50: null, p95: null, p99: null },
      held: 5,
      oldestWaitingMs: expect.any(Number),
    });
  });

  it('have the percentiles of the durations of all attempts', async () => {
    const { body } = await posthorn.get(`/v1/deliveries?endpoint=${refusing}`);
    const durations: number[] = [];
    for (const { id } of body.data) {
      const attempts = await posthorn.get(`/v1/deliveries/${id}/attempts`);
      for (const { timings } of attempts.body.data) durations.push(timings.totalMs);
    }
    durations.sort((a, b) => a - b);
    const { latencyMs } = await totals(`endpoints/${refusing}/stats`);
    for (const [found, rank] of [[latencyMs.p50, 5] as const, [latencyMs.p95, 10] as const, [latencyMs.p99, 10] as const]) {
      const exact = durations[rank - 1] ?? 0;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(exact * 0.032, 0.04));
    }
  });

  it('of the tenant are those of its endpoints, and its events', async () => {
    expect(await totals(`tenants/${tenant}/stats`)).toMatchObject({
      events: 5,
      accepted: 15,
      delivered: 5,
      failed: 10,
      successRate: 1 / 3,
      statusCodes: { 204: 5, 500: 5, 503: 5 },
      held: 5,
      deadLettered: 5,
    });
  });

  it('of the platform contain those of the tenant', async () => {
    const all = await totals('stats');
    expect(all.events).toBeGreaterThanOrEqual(5);
    expect(all.held).toBeGreaterThanOrEqual(5);
  });

  it('have a window and a resolution', async () => {
    for (const [query, steps] of [
      ['window=30d', 31],
      ['window=30d&resolution=1h', 721],
      ['window=7d&resolution=6h', 29],
      ['window=24h', 97],
      ['', 97],
    ] as const) {
      const { body } = await posthorn.get(`/v1/endpoints/${accepting}/stats?${query}`);
      expect(body.series).toHaveLength(steps);
      expect(body.totals.delivered).toBe(5);
    }
  });
});

describe('the held deliveries', () => {
  it('are in the series of the tenant, and in that of the platform', async () => {
    const last = async (path: string) => (await posthorn.get(`/v1/${path}?window=1h`)).body.series.at(-1).held;
    expect(await last(`tenants/${tenant}/stats`)).toBe(5);
    expect(await last('stats')).toBeGreaterThanOrEqual(5);
    expect(await last(`endpoints/${paused}/stats`)).toBeUndefined();
  });
});

describe('the endpoints that need attention', () => {
  const worst = async (query = '') => (await posthorn.get(`/v1/stats/endpoints?tenant=${tenant}${query}`)).body.data;

  it('are those that fail, then those that hold deliveries', async () => {
    expect(await worst()).toEqual([
      expect.objectContaining({
        endpoint: refusing,
        tenant,
        url: `${receiver.url}/no`,
        gate: 'open',
        delivered: 0,
        failed: 10,
        successRate: 0,
        latencyMs: (await totals(`endpoints/${refusing}/stats`)).latencyMs,
        held: 0,
        deadLettered: 5,
        oldestWaitingMs: null,
      }),
      expect.objectContaining({
        endpoint: paused,
        gate: 'held',
        failed: 0,
        successRate: null,
        held: 5,
        oldestWaitingMs: expect.any(Number),
      }),
    ]);
  });

  it('by what they hold, by number, and over other windows', async () => {
    const ids = async (query: string) => (await worst(query)).map(({ endpoint }: { endpoint: string }) => endpoint);
    expect(await ids('&by=held')).toEqual([paused, refusing]);
    expect(await ids('&by=held&limit=1')).toEqual([paused]);
    for (const window of ['24h', '7d', '30d'])
      expect((await worst(`&window=${window}`))[0]).toMatchObject({ endpoint: refusing, failed: 10, successRate: 0 });
  });

  it('of all tenants, and of a bound key its own', async () => {
    const { body } = await posthorn.get('/v1/stats/endpoints?limit=50');
    expect(body.data.map(({ tenant: of }: { tenant: string }) => of)).toContain(tenant);
    const other = await posthorn.makeTenant();
    const key = (await posthorn.post('/v1/api-keys', { name: 'other', scopes: ['endpoints:read'], tenant: other })).body.key;
    const bound: Api = createApi(posthorn.origin, key);
    expect((await bound.get('/v1/stats/endpoints')).body).toEqual({ data: [] });
    expect((await bound.get(`/v1/stats/endpoints?tenant=${tenant}`)).status).toBe(404);
    for (const [query, field] of [
      ['window=2h', 'window'],
      ['by=name', 'by'],
      ['limit=51', 'limit'],
    ] as const) {
      const { status, body } = await posthorn.get(`/v1/stats/endpoints?${query}`);
      expect([status, body.errors[0].path]).toEqual([422, field]);
    }
    expect((await posthorn.get('/v1/stats/endpoints?tenant=nobody')).status).toBe(404);
  });
});

describe('a request for statistics is refused', () => {
  it.each([
    ['window=2h', 'window'],
    ['window=7d&resolution=1m', 'resolution'],
    ['resolution=2m', 'resolution'],
    ['since=2026-01-01T00:00:00Z', 'since'],
  ])('with %s', async (query, field) => {
    for (const path of [`endpoints/${accepting}/stats`, `tenants/${tenant}/stats`, 'stats']) {
      const { status, body } = await posthorn.get(`/v1/${path}?${query}`);
      expect(status).toBe(422);
      expect(body.errors.map((error: { path: string }) => error.path)).toEqual([field]);
    }
  });

  it('for what does not exist, or is of another tenant', async () => {
    expect((await posthorn.get('/v1/endpoints/ep_019c81d4a6f07b3e8c5da90f12e4b763/stats')).status).toBe(404);
    expect((await posthorn.get('/v1/tenants/nobody/stats')).status).toBe(404);
    const other = await posthorn.makeTenant();
    const { body } = await posthorn.post('/v1/api-keys', { name: 'other', scopes: ['deliveries:read'], tenant: other });
    const bound: Api = createApi(posthorn.origin, body.key);
    expect((await bound.get(`/v1/endpoints/${accepting}/stats`)).status).toBe(404);
    expect((await bound.get(`/v1/tenants/${tenant}/stats`)).status).toBe(404);
    expect((await bound.get('/v1/stats')).status).toBe(403);
    expect((await bound.get(`/v1/tenants/${other}/stats`)).body.totals.accepted).toBe(0);
  });
});
