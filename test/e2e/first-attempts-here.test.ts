// The first attempt of an individual delivery runs as a local activity, which hands over to a normal one when the endpoint
// is slow: never two requests, whichever process goes on.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createBeginDelivery } from '#activities/begin-delivery';
import { ended } from '#attempts/attempt-report';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { leaseFirstAttempt } from '#db/deliveries/first-attempt-lease';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { deliveryStart } from '#temporal/starter';
import { unhurried } from '../support/quick-timings.ts';
import { startTemporalProxy } from '../support/temporal-proxy.ts';
import { until } from '../support/until.ts';
import { holding, type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t74', {}, { timings: unhurried });
});
afterAll(() => stage?.close());

/** The event types of the history, without workflow tasks. */
async function historyOf({ handle }: Sent): Promise<string[]> {
  const { events = [] } = await handle.fetchHistory();
  const names = (events ?? []).map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '');
  return names.map((name) => name.replace('EventAttributes', '')).filter((name) => !name.startsWith('workflowTask'));
}

/** An endpoint that answers when it is told to. */
async function slowly(): Promise<{ sent: Sent; accept(): void }> {
  const answers: (() => void)[] = [];
  const sent = await stage.send({
    until: 'pending',
    endpoint: { timeoutMs: 30_000 },
    answer: (_request, response) => void answers.push(() => response.writeHead(204).end()),
  });
  await until('its request', () => answers.length > 0);
  return { sent, accept: () => answers.shift()?.() };
}

describe('the first attempt of a delivery', () => {
  it('that the endpoint accepts at once needs no normal activity, and no dispatch workflow', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await sent.closed();
    expect(await historyOf(sent)).toEqual([
      'workflowExecutionStarted',
      'markerRecorded',
      'upsertWorkflowSearchAttributes',
      'workflowExecutionCompleted',
    ]);
    const dispatches = await stage.posthorn.temporal.workflow.count("WorkflowType = 'dispatchEvents'");
    expect(dispatches.count).toBe(0);
    const { rows } = await stage.posthorn.core.db.query('select from dispatches where done_at is null');
    expect(rows).toEqual([]);
  });

  it('that is refused is followed by normal activities', async () => {
    const sent = await stage.send({ until: 'succeeded', answer: [503, 204], retry: { schedule: ['200ms'] } });
    await sent.closed();
    expect(sent.requests()).toHaveLength(2);
    expect(await historyOf(sent)).toContain('activityTaskScheduled');
  });

  it('that takes long is handed over, is shown as a pending activity, and makes one request', async () => {
    const { sent, accept } = await slowly();
    await until('the normal activity', async () => (await sent.handle.describe()).raw.pendingActivities?.length === 1);
    accept();
    expect((await sent.reach('succeeded')).attempts).toBe(1);
    await sent.closed();
    expect(sent.requests()).toHaveLength(1);
  });

  it('can be cancelled while it is handed over; an acceptance wins', async () => {
    const { sent, accept } = await slowly();
    await until('the normal activity', async () => (await sent.handle.describe()).raw.pendingActivities?.length === 1);
    await sent.handle.signal('cancel');
    accept();
    await sent.reach('succeeded');
    expect(sent.requests()).toHaveLength(1);
  });
});

describe('a first attempt that is refused before the normal activity begins', () => {
  it('is shown as retrying, and can be found so', async ({ onTestFinished }) => {
    const proxy = await startTemporalProxy(inject('temporalAddress'));
    onTestFinished(proxy.close);
    const behindProxy = await setStage('t81', { TEMPORAL_ADDRESS: proxy.address });
    onTestFinished(behindProxy.close);
    const completion = 'WorkflowService/RespondWorkflowTaskCompleted';
    const hold = holding();
    const sent = await behindProxy.send({ until: 'pending', answer: hold.reply });
    await hold.held();
    // Temporal learns of the hand-over only after the attempt has ended
    const before = proxy.calls(completion);
    proxy.refuse((method) => (method === completion ? { code: 14, message: 'not now' } : null));
    await until('the hand-over', () => proxy.calls(completion) > before);
    hold.release(500);
    await sent.reach('retrying');
    proxy.refuse(() => null);
    const query = `PosthornStatus='retrying' and PosthornTenant='${behindProxy.tenant}'`;
    await until('it in the list', async () => (await behindProxy.posthorn.temporal.workflow.count(query)).count === 1);
    expect(await sent.handle.query('status')).toMatchObject({ status: 'retrying', attempts: 1 });
    await until('its next attempt to wait', async () => {
      const [activity] = (await sent.handle.describe()).raw.pendingActivities ?? [];
      return activity?.lastFailure?.applicationFailureInfo?.type === 'http_status';
    });
    expect(sent.requests()).toHaveLength(1);
  });
});

describe('the workflow of a delivery', () => {
  it('that is cancelled before its first task sends nothing', async () => {
    const { posthorn } = stage;
    const sent = await stage.send({ until: 'succeeded' });
    const [deliveryId, endpointId, eventId] = [newId('dlv'), sent.endpoint.id, newId('evt')];
    const ref = { deliveryId, status: 'pending', round: 1, tenant: stage.tenant, endpointId, endpointHost: 'x', eventType: 'x' } as const;
    const plan = { dispatchId: newId('dsp'), eventId, endpointId };
    const start = deliveryStart(ref, 60_000, 'a test', plan);
    const handle = await posthorn.temporal.workflow.start('deliver', { ...start, taskQueue: 'posthorn', startDelay: '3s' });
    await handle.cancel();
    await handle.result().catch(() => undefined);
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.markerRecordedEventAttributes)).toBe(false);
  });
});

describe('a first attempt that is handed over', () => {
  it('is leased, so that another process does not make it, not even after a retry-now', async () => {
    const { sent, accept } = await slowly();
    const { db } = stage.posthorn.core;
    const leased = 'select extract(epoch from leased_until - now())::float8 * 1000 as ms from deliveries where id = $1';
    const leasedMs = async () => (await db.query<{ ms: number | null }>(leased, [uuidOf(sent.id)])).rows[0]?.ms ?? 0;
    await until('the lease', async () => (await leasedMs()) > 20_000);
    await sent.command('retry-now');
    expect(await leasedMs()).toBeGreaterThan(20_000);
    // it is looked at again before, because the attempt may end before its lease
    const waitMs = (await readDeliveryJob(db, sent.id))?.waitMs;
    expect(waitMs).toBeGreaterThan(4_000);
    expect(waitMs).toBeLessThanOrEqual(5_000);
    expect((await sent.row()).status).toBe('pending');
    accept();
    expect(await sent.reach('succeeded')).toMatchObject({ attempts: 1 });
    expect(await leaseFirstAttempt(db, sent.id, 1_000)).toBeNull();
  });

  it.each([
    ['recorded meanwhile', async () => ({ rows: [] })],
    ['not leased, because PostgreSQL does not answer', () => Promise.reject(new Error('away'))],
  ])('is waited for if it is %s', async (_name, query) => {
    const answer = Promise.withResolvers<ReturnType<typeof ended>>();
    const db = { query } as never;
    const begin = createBeginDelivery({
      db,
      engine: { attempt: () => answer.promise },
      planDelivery: async () => ({ marked: Promise.resolve() }),
      timings: { firstAttempt: { handOverAfterMs: 1, leaseMarginMs: 1 } },
    });
    const begun = begin({
      deliveryId: 'dlv_01a2280a989677189bc7b413ed251b7d',
      plan: { dispatchId: 'dsp_1', eventId: 'evt_1', endpointId: 'ep_1' },
    });
    setTimeout(() => answer.resolve(ended('succeeded', 1, 1, 'accepted')), 50);
    expect(await begun).toMatchObject({ status: 'succeeded' });
  });
});
