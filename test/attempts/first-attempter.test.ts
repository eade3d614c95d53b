// First attempts before a dispatch, with real requests and PostgreSQL: each job writes its row and
// reports that once, or is dropped.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBoundRows } from '#attempts/bound-rows';
import type { FirstAttempt } from '#attempts/first-attempt';
import { FirstAttempter, type FirstAttemptsInFlight } from '#attempts/first-attempter';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { setShape } from '#db/endpoints/shapes';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import { createModeSwitch, type ModeSwitch } from '#domain/events/dispatch-mode';
import { deliveryId, uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { sealShape } from '#sealing/shape';
import { holding } from '../e2e/stage.ts';
import { testContents } from '../support/contents.ts';
import { insertForeground, laneOf } from '../support/parking.ts';
import { until } from '../support/until.ts';
import { type AttemptStage, setAttemptStage } from './attempt-stage.ts';

const log = createLogger('fatal');
let stage: AttemptStage;
let attempter: FirstAttempter;
let budget: ModeSwitch;
/** Told to the relays: when the delivery is due. */
const passed = new Map<string, number>();

beforeAll(async () => {
  stage = await setAttemptStage();
});
afterAll(() => stage?.close());
beforeEach(() => {
  budget = createModeSwitch('adaptive');
  attempter = open(1);
});

afterEach(() => attempter.stop());

function open(
  perEndpoint: number,
  firstInFlight?: FirstAttemptsInFlight,
  defaultRetry: RetryPolicy = { schedule: ['1h'] },
): FirstAttempter {
  const { db, lanes } = stage;
  const poster = stage.poster(log, defaultRetry);
  return new FirstAttempter({
    stallWatch: createStallWatch(),
    slots: createSlots({ process: 4, tenant: 4, endpoint: perEndpoint }),
    poster,
    recorder: new Recorder(db, testContents(db), log),
    boundRows: createBoundRows(db, 5_000),
    laneWatch: lanes.lanes,
    park: lanes.parking.park,
    budget,
    pumpedDue: { note: (deliveryId, dueInMs) => void passed.set(deliveryId, dueInMs) },
    log,
    ...(firstInFlight && { firstInFlight }),
  });
}

interface Job extends FirstAttempt {
  deliveryId: string;
  webhookId: string;
}

function job(path: string, snapshot: Partial<EndpointSnapshot> = {}, more: Partial<FirstAttempt> = {}): Job {
  const [eventId, endpointId, secretId] = [newId('evt'), newId('ep'), newId('sec')];
  const event = {
    eventId,
    tenantId: newId('tnt'),
    eventType: 'order.created',
    externalId: eventId,
    body: Buffer.from('{"type":"order.created","timestamp":"2026-03-02T09:15:00.000Z","data":{"n":1.0}}'),
    version: null,
    expiresAt: null,
    acceptedHereMs: null,
    trace: null,
  };
  const endpoint: EndpointSnapshot = {
    endpointId,
    host: '127.0.0.1',
    eventTypes: [],
    channels: [],
    filter: null,
    sealed: Buffer.from(sealTarget(stage.vault, endpointId, { url: stage.receiver.url + path, headers: {}, auth: null }).sealed),
    targetVersion: 1,
    format: 'standard',
    signing: null,
    timeoutMs: 30_000,
    maxInFlight: null,
    retry: null,
    gate: 'open',
    needsLane: false,
    notBeforeMs: null,
    createdAtUs: 0,
    shapeId: null,
    secrets: [{ id: secretId, sealed: Buffer.from(stage.vault.seal(randomBytes(24), secretId)), validToMs: null }],
    ...snapshot,
  };
  const id = deliveryId(eventId, endpointId);
  return {
    deliveryId: id,
    webhookId: eventId,
    event,
    endpointId,
    endpointLimit: null,
    endpoint: () => endpoint,
    isFresh: () => true,
    mayPost: () => true,
    hasWorkflow: false,
    ...more,
  };
}

const row = async ({ deliveryId: id }: Job) =>
  (await stage.db.query('select status, attempts, own_workflow, pumped from deliveries where id = $1', [uuidOf(id)])).rows[0];
const attempts = async ({ deliveryId: id }: Job) =>
  (await stage.db.query('select outcome from attempts where delivery_id = $1', [uuidOf(id)])).rows.map(({ outcome }) => outcome);

/** Attempts the delivery to its end. Returns its row, and how the attempter says that it was written. */
async function done(of: Job) {
  const written = await attempter.attempt(of);
  return { written, ...(await row(of)) };
}

it.each<[string, number[], object]>([
  ['an accepted', [204], { written: 'needs_no_workflow', status: 'succeeded', attempts: 1, own_workflow: false, pumped: false }],
  ['a failed', [500], { written: 'needs_workflow', status: 'retrying', attempts: 1, own_workflow: true, pumped: false }],
])('records %s attempt', async (name, answer, expected) => {
  const path = `/${name.replace(' ', '-')}`;
  stage.receiver.answer(path, answer);
  const one = job(path);
  expect(await done(one)).toEqual(expected);
  expect(stage.receiver.of(one.webhookId)).toHaveLength(1);
  expect(await attempts(one)).toHaveLength(1);
});

it.each<[string, Partial<EndpointSnapshot>, (one: Job) => Partial<FirstAttempt>]>([
  ['was deleted', {}, () => ({ endpoint: () => undefined })],
  ['has no valid secret', { secrets: [] }, () => ({})],
  ['has a secret that cannot be decrypted', { secrets: [{ id: newId('sec'), sealed: Buffer.alloc(40), validToMs: null }] }, () => ({})],
  ['has a secret that has expired', { secrets: [{ id: newId('sec'), sealed: Buffer.alloc(40), validToMs: Date.now() - 1 }] }, () => ({})],
  ['gets an event that has expired', {}, ({ event }) => ({ event: { ...event, expiresAt: new Date(Date.now() - 1) } })],
  [
    'cannot be read because of an unexpected error',
    {},
    () => ({
      endpoint() {
        throw new TypeError('unforeseen');
      },
    }),
  ],
])('posts nothing and writes a due row when the endpoint %s', async (_name, snapshot, change) => {
  const plain = job('/never', snapshot);
  const one = { ...plain, ...change(plain) };
  expect(await done(one)).toEqual({ written: 'needs_workflow', status: 'pending', attempts: 0, own_workflow: true, pumped: false });
  expect(stage.receiver.of(one.webhookId)).toEqual([]);
  expect(await attempts(one)).toEqual([]);
});

it.each<[string, Partial<EndpointSnapshot>, (one: Job) => Promise<unknown>]>([
  ['by its settings', { needsLane: true }, async () => undefined],
  ['because of its Retry-After', { notBeforeMs: Date.now() + 3_600_000 }, async () => undefined],
  ['because its lane was opened in this process', {}, ({ endpointId }) => stage.lanes.lanes.overCap(endpointId)],
  [
    'because its lane was opened by another process',
    {},
    async ({ endpointId }) => {
      await stage.lanes.waker.open([endpointId], 'failing');
      await until('the list', () => stage.lanes.lanes.parks(endpointId));
    },
  ],
])('posts nothing and holds the delivery when only the lane may send to the endpoint, %s', async (_name, snapshot, prepare) => {
  const one = job('/never', snapshot);
  await insertForeground(stage.db, { ...one.event, endpointId: one.endpointId });
  await prepare(one);
  expect(await done(one)).toEqual({ written: 'needs_no_workflow', status: 'held', attempts: 0, own_workflow: false, pumped: false });
  expect(await laneOf(stage.db, one.endpointId)).toMatchObject({ state: 'awake', parks: true });
  expect(stage.receiver.of(one.webhookId)).toEqual([]);
});

it('opens one lane for an endpoint that serves fewer than wait, and holds all its deliveries', async () => {
  const hold = holding();
  stage.receiver.answer('/hangs', hold.reply);
  const first = job('/hangs');
  const waiting: Job[] = [];
  for (let n = 0; n < 6; n++) {
    const one = job('/hangs', {}, { endpointId: first.endpointId });
    await insertForeground(stage.db, { ...one.event, endpointId: first.endpointId });
    waiting.push({ ...one, deliveryId: deliveryId(one.event.eventId, first.endpointId) });
  }
  const posted = attempter.attempt(first);
  await until('the request', () => stage.receiver.of(first.webhookId).length === 1);
  expect(new Set(await Promise.all(waiting.map((one) => attempter.attempt(one))))).toEqual(new Set(['needs_no_workflow']));
  for (const one of waiting) expect(await row(one)).toMatchObject({ status: 'held', own_workflow: false });
  expect(await laneOf(stage.db, first.endpointId)).toEqual({ state: 'awake', parks: true, reason: 'cap' });
  expect(stage.lanes.lanes.parks(first.endpointId)).toBe(true);
  hold.release(204);
  expect(await posted).toBe('needs_no_workflow');
  stage.receiver.requests.length = 0;
});

it('neither posts nor writes an event whose lease the process has lost', async () => {
  const lost = job('/lost', {}, { mayPost: () => false });
  expect(await attempter.attempt(lost)).toBe('dropped');
  expect([await row(lost), stage.receiver.of(lost.webhookId)]).toEqual([undefined, []]);
});

it('keeps a row that exists already, and records the repeated attempt', async () => {
  const one = job('/again');
  await done(one);
  expect(await done(one)).toMatchObject({ written: 'needs_no_workflow', status: 'succeeded', attempts: 1, own_workflow: false });
  expect(await attempts(one)).toEqual(['accepted', 'accepted']);
  expect(await row(one)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

it('stops after the attempts in flight are recorded, and drops the jobs that wait', async () => {
  let answer = () => {};
  stage.receiver.answer('/slow', (_request, response) => {
    answer = () => response.writeHead(204).end();
  });
  const begun = job('/slow');
  const waiting = { ...job('/slow'), endpointId: begun.endpointId };
  const posted = attempter.attempt(begun);
  const dropped = attempter.attempt(waiting);
  await until('the request', () => stage.receiver.of(begun.webhookId).length === 1);
  expect(attempter.waiting()).toBe(1);
  expect(attempter.eventsInFlight()).toEqual([begun.event.eventId]);
  const stopped = attempter.stop();
  expect(attempter.waiting()).toBe(0);
  expect(await Promise.all([dropped, attempter.attempt(job('/slow'))])).toEqual(['dropped', 'dropped']);
  answer();
  await stopped;
  expect(await row(begun)).toMatchObject({ status: 'succeeded' });
  expect(await posted).toBe('needs_no_workflow');
  expect(stage.receiver.requests.filter(({ path }) => path === '/slow')).toHaveLength(1);
});

it('joins an attempt of the same process that is in flight, and posts once', async () => {
  const hold = holding();
  stage.receiver.answer('/joined', hold.reply);
  const one = job('/joined');
  const firstInFlight: FirstAttemptsInFlight = new Map();
  const [fenced, next] = [open(1, firstInFlight), open(1, firstInFlight)];
  const posted = fenced.attempt(one);
  await until('the request', () => stage.receiver.of(one.webhookId).length === 1);
  const joined = next.attempt({ ...one });
  expect(next.eventsInFlight()).toEqual([one.event.eventId]);
  hold.release(204);
  expect(await Promise.all([posted, joined])).toEqual(['needs_no_workflow', 'needs_no_workflow']);
  expect([stage.receiver.of(one.webhookId).length, firstInFlight.size]).toEqual([1, 0]);
  await Promise.all([fenced.stop(), next.stop()]);
});

it('attempts a delivery itself after the attempt that it joined was dropped', async () => {
  stage.receiver.answer('/after', [204]);
  let owned = true;
  let fresh = false;
  const firstInFlight: FirstAttemptsInFlight = new Map();
  const [fenced, next] = [open(1, firstInFlight), open(1, firstInFlight)];
  const one = job('/after', {}, { isFresh: () => fresh, mayPost: () => owned });
  const dropped = fenced.attempt(one);
  await until('the attempt to be in flight', () => firstInFlight.size === 1);
  const joined = next.attempt({ ...one, isFresh: () => true, mayPost: () => true });
  [owned, fresh] = [false, true];
  expect(await Promise.all([dropped, joined])).toEqual(['dropped', 'needs_no_workflow']);
  expect(stage.receiver.of(one.webhookId)).toHaveLength(1);
  await Promise.all([fenced.stop(), next.stop()]);
});

const withRelays = { written: 'needs_no_workflow', own_workflow: false, pumped: true };

it.each<[string, RetryPolicy, number[], object]>([
  ['a refused delivery', { schedule: ['1h'] }, [500], { ...withRelays, status: 'retrying', attempts: 1 }],
  ['a dead letter', { initial: '1s', factor: 1, max: '1s', attempts: 1 }, [500], { ...withRelays, status: 'dead_lettered', attempts: 1 }],
  [
    'no accepted delivery',
    { schedule: ['1h'] },
    [204],
    { written: 'needs_no_workflow', own_workflow: false, pumped: false, status: 'succeeded', attempts: 1 },
  ],
])('without room for a workflow, passes %s to the relays', async (name, retry, answer, expected) => {
  const path = `/no-room-${name.replaceAll(' ', '-')}`;
  stage.receiver.answer(path, answer);
  budget.setTemporalAway(true);
  attempter = open(1, undefined, retry);
  const one = job(path);
  expect(await done(one)).toEqual(expected);
  // an hour, varied by 10 %
  expect((passed.get(one.deliveryId) ?? 0) > 3_000_000).toBe(name === 'a refused delivery');
});

it('without room for a workflow, passes a delivery that it gave up to the relays, due at once', async () => {
  budget.setTemporalAway(true);
  const one = job('/never', { secrets: [] });
  expect(await done(one)).toEqual({ ...withRelays, status: 'pending', attempts: 0 });
  expect(passed.get(one.deliveryId)).toBe(0);
});

it('leaves a delivery to its workflow if that was granted before, and a row that existed as it was', async () => {
  stage.receiver.answer('/granted', [500, 500]);
  budget.setTemporalAway(true);
  const granted = { written: 'needs_workflow', status: 'retrying', attempts: 1, own_workflow: true, pumped: false };
  expect(await done(job('/granted', {}, { hasWorkflow: true }))).toEqual(granted);
  budget.setTemporalAway(false);
  const existing = job('/never', { secrets: [] });
  expect(await done(existing)).toMatchObject({ written: 'needs_workflow', status: 'pending', pumped: false });
  budget.setTemporalAway(true);
  // another process wrote the row, and its workflow may be sending
  expect(
    await done({
      ...existing,
      ...job('/granted'),
      deliveryId: existing.deliveryId,
      event: existing.event,
      endpointId: existing.endpointId,
    }),
  ).toEqual(granted);
});

describe('a delivery with a shape', () => {
  async function shapedJob(path: string, template: object | string | number, more: Partial<FirstAttempt> = {}): Promise<Job> {
    const plain = job(path);
    await insertForeground(stage.db, { ...plain.event, endpointId: plain.endpointId });
    const shape = sealShape(stage.vault, plain.endpointId, { transform: { template }, versions: null });
    await setShape(stage.db, plain.endpointId, shape);
    const endpoint = { ...plain.endpoint(), shapeId: shape?.id ?? null } as EndpointSnapshot;
    return { ...plain, endpoint: () => endpoint, ...more };
  }
  const bound = async ({ deliveryId: id }: Job) =>
    (
      await stage.db.query(
        'select d.status, d.own_workflow, d.pumped, s.id is not null as bound from deliveries d left join shapes s on s.id = d.shape_id where d.id = $1',
        [uuidOf(id)],
      )
    ).rows[0];

  it('has its row, leased, before the request', async () => {
    const hold = holding();
    stage.receiver.answer('/shaped', hold.reply);
    const one = await shapedJob('/shaped', { n: { $path: 'data.n' }, of: '{{id}}' });
    const posted = attempter.attempt(one);
    await hold.held();
    const lease = `select leased_until > now() + interval '30 seconds' as leased from deliveries where id = $1`;
    expect((await stage.db.query(lease, [uuidOf(one.deliveryId)])).rows).toEqual([{ leased: true }]);
    hold.release(204);
    expect(await posted).toBe('needs_no_workflow');
    expect(stage.receiver.of(one.webhookId).map(({ body }) => body.toString())).toEqual([`{"n":1.0,"of":"${one.webhookId}"}`]);
    expect(await bound(one)).toEqual({ status: 'succeeded', own_workflow: false, pumped: false, bound: true });
    expect(await attempts(one)).toEqual(['accepted']);
  });

  it('is refused like any other: by a workflow, or by the relays', async () => {
    stage.receiver.answer('/refuses-shaped', [500]);
    const one = await shapedJob('/refuses-shaped', 1);
    expect(await attempter.attempt(one)).toBe('needs_workflow');
    expect(await bound(one)).toEqual({ status: 'retrying', own_workflow: true, pumped: false, bound: true });
    budget.setTemporalAway(true);
    const other = await shapedJob('/refuses-shaped', 1);
    expect(await attempter.attempt(other)).toBe('needs_no_workflow');
    expect(await bound(other)).toEqual({ status: 'retrying', own_workflow: false, pumped: true, bound: true });
  });

  it('that is not attempted is bound all the same, and due', async () => {
    const expired = await shapedJob('/never', 1);
    const one = { ...expired, event: { ...expired.event, expiresAt: new Date(Date.now() - 1) } };
    expect(await attempter.attempt(one)).toBe('needs_workflow');
    const large = await shapedJob('/never', '{{data}}'.repeat(100));
    const huge = Buffer.from(`{"type":"a","timestamp":"b","data":"${'x'.repeat(50_000)}"}`);
    expect(await attempter.attempt({ ...large, event: { ...large.event, body: huge } })).toBe('needs_workflow');
    for (const each of [one, large])
      expect(await bound(each)).toEqual({ status: 'pending', own_workflow: true, pumped: false, bound: true });
    const { rows } = await stage.db.query('select leased_until from deliveries where id = $1', [uuidOf(large.deliveryId)]);
    expect(rows).toEqual([{ leased_until: null }]);
    expect(stage.receiver.of(large.webhookId)).toEqual([]);
  });

  it('that another process has planned keeps its shape, and is not sent', async () => {
    const one = await shapedJob('/never', 1);
    await attempter.attempt({ ...one, event: { ...one.event, expiresAt: new Date(0) } });
    const other = sealShape(stage.vault, one.endpointId, { transform: { template: 2 }, versions: null });
    await setShape(stage.db, one.endpointId, other);
    const endpoint = { ...one.endpoint(), shapeId: other?.id ?? null } as EndpointSnapshot;
    expect(await attempter.attempt({ ...one, endpoint: () => endpoint })).toBe('needs_workflow');
    const { rows } = await stage.db.query('select shape_id from deliveries where id = $1', [uuidOf(one.deliveryId)]);
    expect(rows[0].shape_id).toBe(one.endpoint()?.shapeId);
    expect(stage.receiver.of(one.webhookId)).toEqual([]);
  });
});
