// Traces, exported to a real OTLP receiver: one trace from the request of the producer to the request to the endpoint, in
// individual and in batched mode, and nothing in it that must not leave.
import { createServer } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadWorkflowBundle } from '#app/workflow-bundle';
import { documented, readMetrics } from '../api/prometheus-page.ts';
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testEnv } from '../support/posthorn.ts';
import { createProcessGroup, type PosthornProcess } from '../support/posthorn-process.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { installTestRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

const producersTrace = '0af7651916cd43dd8448eb211c80319c';
const given = (trace: string, flags = '01') => `00-${trace}-b7ad6b7169203331-${flags}`;

const processes = createProcessGroup();
let database: TestDatabase;
let receiver: Receiver;
let collector: Collector;
let env: Record<string, string>;
beforeAll(async () => {
  [database, receiver, collector] = await Promise.all([createTestDatabase(), startReceiver(), startCollector()]);
  env = {
    ...testEnv(database, 't104'),
    LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=hooks%20team',
    OTEL_SERVICE_NAME: 'hooks',
  };
});
afterAll(async () => {
  await processes.end(false);
  await Promise.all([database?.drop(), receiver?.close(), collector?.close()]);
});

/** The spans of a trace from the root down to `last`, in order. */
function chainTo(last: CollectedSpan | undefined): CollectedSpan[] {
  const byId = new Map(collector.spans.map((span) => [span.spanId, span]));
  const chain: CollectedSpan[] = [];
  for (let at = last; at; at = byId.get(at.parentSpanId)) chain.unshift(at);
  return chain;
}

const spanOf = (traceparent = '') => collector.spans.find(({ spanId }) => spanId === traceparent.split('-')[2]);
const namesTo = (traceparent: string | undefined) => chainTo(spanOf(traceparent)).map(({ name }) => name);

/** Waits for the whole chain of the request: workflows export their own span when they end. */
async function chainIs(traceparent: string | undefined, names: string[]): Promise<void> {
  await until(`the chain ${names.join(' → ')}`, () => JSON.stringify(namesTo(traceparent)) === JSON.stringify(names)).catch(() =>
    expect(namesTo(traceparent)).toEqual(names),
  );
}

/** From a dispatch of its own to an attempt. */
const ofDispatch = [
  'StartWorkflow:dispatchEvents',
  'RunWorkflow:dispatchEvents',
  'StartActivity:dispatchPage',
  'RunActivity:dispatchPage',
  'StartWorkflow:deliver',
  'RunWorkflow:deliver',
  'StartActivity:attemptDelivery',
  'RunActivity:attemptDelivery',
  'attempt',
];

describe('in individual mode', () => {
  let posthorn: PosthornProcess;
  let tenant: string;
  beforeAll(async () => {
    posthorn = await processes.start({ env });
    tenant = await posthorn.makeTenant();
  });
  afterAll(() => posthorn?.stop());

  it('one trace goes from the request of the producer through dispatch, workflow and attempt to each endpoint', async () => {
    for (const path of ['/one', '/two'])
      await posthorn.makeEndpoint(tenant, `${receiver.url}${path}?token=in-url`, { eventTypes: ['order.*'] });
    receiver.answer('/two?token=in-url', [500, 204]);
    const event = { type: 'order.created', data: { secret: 'in-payload' } };
    const headers = { traceparent: given(producersTrace), tracestate: 'vendor=state' };
    const { body } = await posthorn.post(`/v1/tenants/${tenant}/events`, event, { headers });
    const requests = await until('both endpoints, one of them twice', () => {
      const got = receiver.of(body.id);
      return got.length === 3 && got;
    });
    const parents = requests.map((request) => request.headers.traceparent);
    expect(new Set(parents.map((parent) => parent?.split('-')[1]))).toEqual(new Set([producersTrace]));
    expect(new Set(parents).size).toBe(3);
    for (const request of requests) expect(request.headers.tracestate).toBe('vendor=state');
    const upToAttempt = ['POST /v1/tenants/:tenant/events', ...ofDispatch];
    for (const parent of parents) await chainIs(parent, upToAttempt);
    const [root] = chainTo(spanOf(parents[0]));
    expect(root?.parentSpanId).toBe('b7ad6b7169203331');
    expect(collector.spans.filter(({ name, traceId }) => name === 'fan out' && traceId === producersTrace)).toHaveLength(1);
    const attempts = collector.spans.filter(({ name }) => name === 'attempt');
    expect(attempts.map(({ attributes }) => attributes['posthorn.outcome']).toSorted()).toEqual(['accepted', 'accepted', 'http_status']);
    expect(collector.headers()['x-team']).toBe('hooks team');
    expect(new Set(collector.spans.map(({ service }) => service))).toEqual(new Set(['hooks']));
  });

  it('a producer that gives no trace gets one, and one that does not sample has its own passed on without a span', async () => {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/alone`, { eventTypes: ['alone.*'] });
    const post = async (headers: Record<string, string>) => {
      const { body } = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'alone.sent', data: 1 }, { headers });
      return until('the request', () => receiver.of(body.id)[0]);
    };
    const own = await post({});
    await chainIs(own.headers.traceparent, [
      'POST /v1/tenants/:tenant/events',
      'StartWorkflow:deliver',
      'RunWorkflow:deliver',
      'StartActivity:beginDelivery',
      'RunActivity:beginDelivery',
      'attempt',
    ]);
    const notSampled = given('1'.repeat(32), '00');
    const passedOn = await post({ traceparent: notSampled, tracestate: 'a=1' });
    expect(passedOn.headers).toMatchObject({ traceparent: notSampled, tracestate: 'a=1' });
    const other = await post({ traceparent: 'rubbish' });
    expect(other.headers.traceparent?.split('-')[1]).toMatch(/^[0-9a-f]{32}$/);
    await until('the spans after it', () => spanOf(other.headers.traceparent));
    expect(collector.spans.filter(({ traceId }) => traceId === '1'.repeat(32))).toEqual([]);
  });

  it('the attempt shows the traceparent that it sent, and the lines of the log name the trace', async () => {
    const [sent] = receiver.requests.filter(({ path, headers }) => path === '/one?token=in-url' && headers.traceparent);
    const [attempt] = (await posthorn.get(`/v1/deliveries/${sent?.headers['posthorn-delivery']}/attempts`)).body.data;
    expect(attempt.request.headers).toContainEqual(['traceparent', sent?.headers.traceparent]);
    const lines = posthorn
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(producersTrace))
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ msg, traceId }) => msg === 'delivery.attempted' && traceId === producersTrace)).toHaveLength(3);
  });

  it('the histogram of durations names traces to a scraper that reads exemplars, and is the same to others', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';
    const open = await fetch(`${posthorn.origin}/metrics`, { headers: { accept } });
    expect(open.headers.get('content-type')).toContain('application/openmetrics-text');
    const text = await open.text();
    expect(text).toMatch(/^posthorn_attempt_seconds_bucket\{le="[0-9.+Inf]+"\} \d+ # \{trace_id="[0-9a-f]{32}"\} [0-9.]+ [0-9.]+$/m);
    expect(text).toMatch(/^# TYPE posthorn_events_accepted counter\nposthorn_events_accepted_total [1-9]/m);
    expect(text.match(/# EOF/g)).toHaveLength(1);
    const plain = await readMetrics(posthorn.origin);
    expect(plain.names().toSorted()).toEqual(documented('posthorn').toSorted());
    expect(plain.value('posthorn_attempt_seconds_count')).toBeGreaterThan(3);
    expect(plain.value('posthorn_events_accepted_total')).toBeGreaterThan(3);
    const prometheus = await startPrometheus(posthorn.origin);
    try {
      const counted = await until('Prometheus to read it', async () => (await prometheus.query('posthorn_events_accepted_total'))[0]);
      expect(counted.value).toBeGreaterThan(3);
      const exemplars = await until('exemplars', () => prometheus.exemplars('posthorn_attempt_seconds_bucket'));
      expect(exemplars[0]).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      await prometheus.stop();
    }
  });

  it('no span names payloads, secrets, or the path and query of a URL', async () => {
    const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/secret-path`, {
      eventTypes: ['quiet.*'],
      headers: { 'x-key': 'in-header' },
    });
    const event = await posthorn.postEvent(tenant, { type: 'quiet.sent', data: 'in-payload' });
    const request = await until('it to arrive', () => receiver.of(event)[0]);
    await until('its spans', () => namesTo(request.headers.traceparent).length >= 5);
    const text = collector.spans.map((span) => span.text).join('\n');
    for (const forbidden of ['in-payload', 'in-url', 'in-header', 'secret-path', endpoint.secret, tenant])
      expect(text).not.toContain(forbidden);
  });
});

describe('in batched mode', () => {
  it('the first attempt and its retry by a workflow of a later dispatch belong to the trace of the event', async () => {
    const posthorn = await processes.start({ env: { ...env, POSTHORN_DISPATCH: 'batched', POSTHORN_DISPATCHES_PER_SECOND: '10' } });
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/batched`, { eventTypes: ['batch.*'] });
    receiver.answer('/batched', [500, 204]);
    const trace = 'c'.repeat(32);
    const path = `/v1/tenants/${tenant}/events/batch`;
    const events = [{ type: 'batch.sent', data: 1, id: 'in-a-batch' }];
    await posthorn.post(path, { events }, { headers: { traceparent: given(trace) } });
    const [first, second] = await until('two attempts', () => {
      const got = receiver.of('in-a-batch');
      return got.length === 2 && got;
    });
    await chainIs(first?.headers.traceparent, ['POST /v1/tenants/:tenant/events/batch', 'attempt']);
    // one refused event leaves in a dispatch of its own
    await chainIs(second?.headers.traceparent, ['POST /v1/tenants/:tenant/events/batch', ...ofDispatch]);
    expect((await posthorn.stop()).code).toBe(0);
  });
});

describe('when traces are turned off again', () => {
  it('the histories of all workflows that were traced replay', async () => {
    installTestRuntime();
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const client = new Client({ connection, namespace: 't104' });
    const histories = client.workflow.list({ query: 'ExecutionStatus = "Completed"' }).intoHistories();
    const kinds: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: await loadWorkflowBundle() }, histories)) {
      kinds.push(workflowId.split('/')[0] ?? '');
      expect(error, workflowId).toBeUndefined();
    }
    await connection.close();
    expect(new Set(kinds)).toEqual(new Set(['delivery', 'dispatch']));
  });
});

describe('without a collector', () => {
  it('delivers all the same, with the trace that the producer gave', async () => {
    const away = createServer((_request, response) => void response.writeHead(503).end());
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    const port = (away.address() as { port: number }).port;
    const posthorn = await processes.start({ env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/no-collector`);
    const event = await posthorn.postEvent(tenant);
    await until('it to arrive', () => receiver.of(event).length === 1);
    away.closeAllConnections();
    away.close();
    expect((await posthorn.stop()).code).toBe(0);
  });
});
