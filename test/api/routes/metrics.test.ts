// /metrics: values after real deliveries, the dispatch mode, and no names of tenants.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { build } from '#config/package';
import { createIngest } from '#relay/ingest';
import { temporalMetricNames } from '#telemetry/temporal-metrics';
import { ownPort } from '../../support/own-port.ts';
import { startPosthorn, type TestPosthorn, testApiKey } from '../../support/posthorn.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { compileCache } from '../../support/start-cost.ts';
import { until } from '../../support/until.ts';
import { startApi } from '../api-server.ts';
import { documented, readMetrics } from '../prometheus-page.ts';

const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({ namespace: 't33', env: { POSTHORN_DISPATCH: 'adaptive', POSTHORN_DISPATCHES_PER_SECOND: '10' } }),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

const read = () => readMetrics(posthorn.origin);

describe('/metrics', () => {
  it('needs no key, and has the Node metrics and all metrics of docs/metrics.md', async () => {
    const page = await read();
    expect(page.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(page.value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(page.value('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(page.names().toSorted()).toEqual(documented('posthorn').toSorted());
    expect((await posthorn.post('/metrics')).status).toBe(405);
  });

  it('counts accepted, duplicate and refused events, and refusals by endpoints', async () => {
    const before = await read();
    expect(before.all).toMatchObject({
      'posthorn_attempts_total{outcome="accepted"}': 0,
      'posthorn_events_refused_total{reason="tenant"}': 0,
      'posthorn_refusing{scope="all"}': 0,
      'posthorn_refusing{scope="tenant"}': 0,
      'posthorn_dispatch_mode{mode="individual"}': 1,
      'posthorn_dispatch_mode{mode="batched"}': 0,
    });
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/good`, { eventTypes: ['good.*'] });
    await posthorn.makeEndpoint(tenant, `${receiver.url}/bad`, { eventTypes: ['bad.*'], ...once });
    receiver.answer('/bad', [503]);
    for (const id of ['one', 'two', 'three', 'three']) await posthorn.postEvent(tenant, { id, type: 'good.sent' });
    await posthorn.postEvent(tenant, { type: 'bad.sent' });
    const events = [
      { id: 'one', type: 'good.sent', data: 'other' },
      { id: 'two', type: 'good.sent', data: { n: 1 } },
    ];
    expect((await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events })).status).toBe(202);
    const page = await until('four attempts', async () => {
      const now = await read();
      const left = ['posthorn_outbox_events', 'posthorn_relay_waiting'].map(now.value);
      return now.value('posthorn_attempt_seconds_count') === 4 && left.every((value) => value === 0) && now;
    });
    expect(page.all).toMatchObject({
      posthorn_events_accepted_total: 4,
      posthorn_events_duplicate_total: 2,
      'posthorn_events_refused_total{reason="conflict"}': 1,
      'posthorn_attempts_total{outcome="accepted"}': 3,
      'posthorn_attempts_total{outcome="http_status"}': 1,
      'posthorn_attempts_total{outcome="timeout"}': 0,
      'posthorn_attempt_seconds_bucket{le="+Inf"}': 4,
    });
    expect(page.value('posthorn_dispatches_total{kind="single"}')).toBeGreaterThan(0);
    await until('all to be recorded', async () => {
      const now = await read();
      const left = ['posthorn_requests_in_flight', 'posthorn_outcomes_unrecorded', 'posthorn_temporal_away'].map(now.value);
      return left.every((value) => value === 0);
    });
  });

  it('shows a request in flight, and the dispatch mode above the budget', async () => {
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/slow`, { eventTypes: ['slow.*'] });
    const held: (() => void)[] = [];
    receiver.answer('/slow', (_request, response) => void held.push(() => response.writeHead(204).end()));
    const before = await read();
    const events = Array.from({ length: 60 }, (_, n) => ({ id: `slow-${n}`, type: 'slow.sent', data: n }));
    await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
    await until('requests in flight', () => held.length >= 32);
    const during = await read();
    expect(during.all).toMatchObject({
      posthorn_requests_in_flight: 32,
      'posthorn_dispatch_mode{mode="batched"}': 1,
      'posthorn_dispatch_mode{mode="individual"}': 0,
    });
    expect((await posthorn.get('/v1/status')).body.relays).toHaveLength(1);
    await until('/v1/status to say so too', async () => (await posthorn.get('/v1/status')).body.dispatch === 'batched');
    receiver.answer('/slow', [204]);
    for (const release of held) release();
    await until('all to arrive', () => receiver.requests.filter(({ path }) => path === '/slow').length >= 60);
    const after = await until('the outbox to empty', async () => {
      const now = await read();
      const left = ['posthorn_outbox_events', 'posthorn_requests_in_flight'].map(now.value);
      return left.every((value) => value === 0) && now.value('posthorn_dispatches_total{kind="batch"}') !== 0 && now;
    });
    const grown = (name: string) => (after.value(name) ?? 0) - (before.value(name) ?? 0);
    expect(grown('posthorn_events_accepted_total')).toBe(60);
    expect(grown('posthorn_attempts_total{outcome="accepted"}')).toBe(60);
    expect(grown('posthorn_first_attempt_delay_seconds_count')).toBeGreaterThan(0);
  });

  it("has the SDK's metrics of tasks, slots, polls and calls, all of them in docs/metrics.md", async () => {
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/sdk`, { eventTypes: ['sdk.*'] });
    await posthorn.postEvent(tenant, { type: 'sdk.sent', deliverAt: new Date(Date.now() + 100).toISOString() });
    const page = await until('the metrics of its activity', async () => {
      const now = await read();
      return now.value('temporal_activity_schedule_to_start_latency_seconds_count{task_queue="posthorn"}') ? now : null;
    });
    expect(page.value('temporal_request_total{operation="StartWorkflowExecution"}')).toBeGreaterThan(0);
    expect(page.value('temporal_workflow_task_execution_latency_seconds_count')).toBeGreaterThan(0);
    for (const queue of ['posthorn', 'posthorn-lanes'])
      expect(page.value(`temporal_worker_task_slots_available{task_queue="${queue}",worker_type="ActivityWorker"}`)).toBeGreaterThan(0);
    expect(documented('temporal').toSorted()).toEqual(temporalMetricNames.toSorted());
    expect(page.names('temporal').filter((name) => !temporalMetricNames.includes(name))).toEqual([]);
  });

  it('names no tenant: all labels have values from closed lists', async () => {
    const tenant = await posthorn.makeTenant('acme-customer');
    const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/acme`, { eventTypes: ['acme.*'] });
    const event = await posthorn.postEvent(tenant, { id: 'acme-event', type: 'acme.sent' });
    await until('it to arrive', () => receiver.of(event).length === 1);
    const { text } = await read();
    for (const secret of ['acme', id, new URL(receiver.url).host, testApiKey]) expect(text).not.toContain(secret);
    const labelsOf = (prefix: string) => {
      const lines = text.split('\n').filter((line) => line.startsWith(`${prefix}_`));
      return new Set(lines.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)));
    };
    expect(labelsOf('posthorn')).toEqual(
      new Set([
        ...['mode', 'reason', 'scope', 'outcome', 'kind', 'le', 'state', 'status', 'way', 'share'],
        ...['route', 'method', 'version', 'node', 'temporal_sdk'],
      ]),
    );
    const ofSdk = [
      'le',
      'operation',
      'status_code',
      'task_queue',
      'worker_type',
      'poller_type',
      'workflow_type',
      'activity_type',
      'failure_reason',
    ];
    expect([...labelsOf('temporal')].filter((label) => !ofSdk.includes(label ?? ''))).toEqual([]);
  });

  it('counts events that are refused because too many wait for the database', async () => {
    const { telemetry, db, contents } = posthorn.core;
    const ingest = createIngest({ db, contents, relay: undefined, parking: posthorn.core.parking, metrics: telemetry.ingest });
    const event = { type: 'a', body: Buffer.from('{}'), contentHash: Buffer.alloc(32), bodyTimestamp: '2026-01-01T00:00:00Z' };
    const rest = {
      channels: [],
      orderingKey: null,
      coalesceKey: null,
      version: null,
      deliverAt: null,
      expiresAt: null,
      onlyEndpointId: null,
    };
    const eventId = `evt_${'0'.repeat(32)}`;
    const thousand = Array.from({ length: 1_000 }, (_, n) => ({ ...event, ...rest, eventId, externalId: `${n}` }));
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => ingest('nobody', thousand)));
    expect(answers.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected']);
    expect((await read()).value('posthorn_events_refused_total{reason="overloaded"}')).toBe(1_000);
  });
});

const ended = (status: string) => `posthorn_deliveries_ended_total{status="${status}"}`;

describe('/metrics of what deliveries come to', () => {
  it('counts requests by route, deliveries by their end, and how old events were', async () => {
    const underWay = '/v1/deliveries?status=pending&status=retrying&status=held';
    await until('those of other tests to end', async () => (await posthorn.get(underWay)).body.data.length === 0);
    // what ends is counted after it was recorded
    const { rows } = await posthorn.database.db.query('select status, count(*)::int from deliveries group by status');
    const before = await until('those of other tests to be counted', async () => {
      const now = await read();
      return rows.every(({ status, count }) => now.value(ended(status)) === count) && now;
    });
    const grown = (page: { value(series: string): number | undefined }, series: string) =>
      (page.value(series) ?? 0) - (before.value(series) ?? 0);
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/fine`, { eventTypes: ['fine.*'] });
    await posthorn.makeEndpoint(tenant, `${receiver.url}/never`, { eventTypes: ['never.*'], ...once });
    await posthorn.makeEndpoint(tenant, `${receiver.url}/paced`, { eventTypes: ['fine.*'], rateLimit: { perSecond: 50 } });
    receiver.answer('/never', [500]);
    for (const type of ['fine.sent', 'never.sent']) await posthorn.postEvent(tenant, { type });
    await posthorn.get('/v1/nothing');
    await posthorn.get(`/v1/tenants/${tenant}/events/none`);
    const after = await until('all to end', async () => {
      const now = await read();
      const isCounted = grown(now, ended('succeeded')) === 2 && grown(now, ended('dead_lettered')) === 1;
      return isCounted && (now.value('posthorn_dead_letters') ?? 0) >= 1 && now;
    });
    const events = 'route="/v1/tenants/{tenant}/events",method="POST"';
    expect({
      posted: grown(after, `posthorn_http_requests_total{${events},status="2xx"}`),
      timed: grown(after, `posthorn_http_request_seconds_count{${events}}`),
      notFound: grown(after, 'posthorn_http_requests_total{route="none",method="GET",status="4xx"}'),
      missing: grown(after, 'posthorn_http_requests_total{route="/v1/tenants/{tenant}/events/{event}",method="GET",status="4xx"}'),
      deadLetters: grown(after, ended('dead_lettered')),
      begunDirectly: grown(after, 'posthorn_first_attempt_age_seconds_count{way="direct"}'),
      begunInLanes: grown(after, 'posthorn_first_attempt_age_seconds_count{way="lane"}'),
      delivered:
        grown(after, 'posthorn_delivered_age_seconds_count{way="direct"}') +
        grown(after, 'posthorn_delivered_age_seconds_count{way="lane"}'),
    }).toEqual({ posted: 2, timed: 2, notFound: 1, missing: 1, deadLetters: 1, begunDirectly: 2, begunInLanes: 1, delivered: 2 });
    expect(after.all).toMatchObject({ posthorn_workers: 1, posthorn_quarantined_deliveries: 0, posthorn_postgres_connections_max: 20 });
    expect(after.value(`posthorn_build_info{version="${build.version}",node="${build.node}",temporal_sdk="${build.temporalSdk}"}`)).toBe(1);
  });
});

describe('/metrics of an API without a worker', () => {
  it('shows the backlog, and no worker metrics', async () => {
    const api = await startApi();
    onTestFinished(api.close);
    const tenant = await api.makeTenant();
    for (const id of ['a', 'b', 'c']) await api.postEvent(tenant, { id });
    const page = await readMetrics(api.origin);
    expect(page.value('posthorn_outbox_events')).toBe(3);
    expect(page.value('posthorn_temporal_away')).toBe(1);
    expect(page.names()).not.toContain('posthorn_dispatch_mode');
    // another Posthorn in this process has its own metrics
    expect(page.value('process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  it('works while PostgreSQL is unavailable, without the values read from it', async () => {
    const api = await startApi({ databaseUrl: 'postgres://127.0.0.1:1/none' });
    onTestFinished(api.close);
    const page = await readMetrics(api.origin);
    expect(page.value('posthorn_outbox_events')).toBeUndefined();
    for (const name of ['posthorn_held_deliveries', 'posthorn_lanes{state="awake"}']) expect(page.value(name)).toBeUndefined();
    const notAsked = api.logLines.map(({ msg, metric }) => `${msg} ${metric}`);
    expect(notAsked.toSorted()).toEqual(
      ['posthorn_deliveries_overdue', 'posthorn_lanes', 'posthorn_outbox_events', 'posthorn_workers'].map(
        (name) => `metrics.not_asked ${name}`,
      ),
    );
    expect(page.value('posthorn_temporal_away')).toBe(1);
  });
});

describe('POSTHORN_METRICS_PORT', () => {
  it('serves metrics and health of a worker without an API, and is named if the port is taken', async () => {
    const port = await ownPort();
    const origin = `http://127.0.0.1:${port}`;
    const worker = startWorkerCommand(port);
    onTestFinished(() => void worker.process.kill('SIGKILL'));
    const page = await until('its metrics', () => readMetrics(origin));
    expect(page.value('posthorn_dispatch_mode{mode="individual"}')).toBe(1);
    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${origin}/v1/status`)).status).toBe(404);
    const other = startWorkerCommand(port);
    onTestFinished(() => void other.process.kill('SIGKILL'));
    expect(await other.exit).toBe(1);
    expect(other.said()).toBe(`port ${port} on 127.0.0.1 is already in use: set POSTHORN_METRICS_PORT to a free port\n`);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    await expect(fetch(origin)).rejects.toThrow();
  });
});

/** A `posthorn worker` process next to the Posthorn of this file. */
function startWorkerCommand(port: number) {
  const main = join(import.meta.dirname, '../../../src/cli/main.ts');
  const base = { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache };
  const env = { ...posthorn.env, ...base, POSTHORN_METRICS_PORT: String(port), LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [main, 'worker'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: string[] = [];
  child.stderr.on('data', (chunk) => chunks.push(String(chunk)));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { process: child, exit, said: () => chunks.join('') };
}
