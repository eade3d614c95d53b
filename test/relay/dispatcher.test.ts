// What becomes of an event that waits for a dispatch, with real PostgreSQL, while Temporal answers or is away. Starts find
// out whether Temporal is away, and say it every time: the finding of an earlier lease does not last for ever.

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { readConfig } from '#config/config';
import { createModeSwitch, type DispatchSetting, type ModeSwitch } from '#domain/events/dispatch-mode';
import { uuidOf } from '#domain/ids';
import type { Leaving, LeavingKind } from '#relay/dispatch-queue';
import { Dispatcher, type DispatcherDeps } from '#relay/dispatcher';
import { newId } from '#runtime/new-id';
import { openTemporalLink, type TemporalLink } from '#temporal/link';
import { createStarter, type DispatchRef } from '#temporal/starter';
import { type ApiServer, startApi } from '../api/api-server.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
let api: ApiServer;
let there: TemporalLink;
let nowhere: TemporalLink;
let modes: ModeSwitch;
let opened: Dispatcher[];

beforeAll(async () => {
  api = await startApi();
  there = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 't09' }), log);
  nowhere = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  await there.connected;
});
afterAll(async () => {
  await Promise.all([there?.close(), nowhere?.close()]);
  await api?.close();
});
beforeEach(() => {
  modes = createModeSwitch('adaptive');
  opened = [];
});
afterEach(async () => void (await Promise.all(opened.map((dispatcher) => dispatcher.stop()))));

const mode = () => modes.mode(Date.now());

/** The dispatcher of one lease. */
function open(link: TemporalLink, more: Partial<DispatcherDeps> = {}) {
  const dispatcher = new Dispatcher({
    db: api.db,
    starter: createStarter(link, 60_000),
    log,
    modes,
    dispatch: 'adaptive',
    dispatchesPerSecond: 50,
    relayId: newId('rly'),
    retryMs: 1_000,
    mayAct: () => true,
    ...more,
  });
  opened.push(dispatcher);
  return dispatcher;
}

/** An event in the outbox, owned by this relay. */
async function event(relayId: string, kind: LeavingKind): Promise<Leaving> {
  const tenant = await api.makeTenant();
  const key = await api.postEvent(tenant);
  const { rows } = await api.db.query<{ event_id: string; tenant_id: string }>(
    'update outbox set owner = $1 where event_id = (select event_id from event_ids where external_id = $2) returning event_id, tenant_id',
    [uuidOf(relayId), key],
  );
  const [row] = rows;
  const id = (prefix: string, uuid = '') => `${prefix}_${uuid.replaceAll('-', '')}`;
  const tenantId = id('tnt', row?.tenant_id);
  return { kind, event: { eventId: id('evt', row?.event_id), tenantId, tenant, eventType: 'order.created', trace: null }, urgent: true };
}

const outboxOwner = async ({ event: { eventId } }: Leaving) =>
  (
    await api.db.query<{ owner: string }>(`select replace(owner::text, '-', '') as owner from outbox where event_id = $1`, [
      uuidOf(eventId),
    ])
  ).rows[0]?.owner;
const planned = async ({ event: { eventId } }: Leaving) =>
  (await api.db.query<{ planned: boolean }>('select planned from dispatches where $1 = any(event_ids)', [uuidOf(eventId)])).rows.map(
    (row) => row.planned,
  );

it.each<[LeavingKind, boolean]>([
  ['individual', false],
  ['unplanned', false],
  ['attempted', true],
])('moves an %s event into a dispatch, and starts its workflow', async (kind, isPlanned) => {
  const relayId = newId('rly');
  const leaving = await event(relayId, kind);
  expect(await open(there, { relayId }).dispatch(leaving)).toBe('dispatched');
  expect(await outboxOwner(leaving)).toBeUndefined();
  expect(await planned(leaving)).toEqual([isPlanned]);
});

it('gives parked events a dispatch that is done, and no workflow, unless another event shares it', async () => {
  const relayId = newId('rly');
  const started: string[] = [];
  const starter = createStarter(there, 60_000);
  const noting = {
    ...starter,
    startDispatch(dispatch: DispatchRef) {
      started.push(dispatch.dispatchId);
      return starter.startDispatch(dispatch);
    },
  };
  const done = async ({ event: { eventId } }: Leaving) =>
    (
      await api.db.query<{ id: string; done: boolean }>(
        `select 'dsp_' || replace(id::text, '-', '') as id, done_at is not null as done from dispatches where $1 = any(event_ids)`,
        [uuidOf(eventId)],
      )
    ).rows;
  const dispatcher = open(there, { relayId, starter: noting });
  const parked = async () => ({ ...(await event(relayId, 'attempted')), urgent: false, parked: true });
  const alone = await parked();
  expect(await dispatcher.dispatch(alone)).toBe('dispatched');
  expect(await done(alone)).toEqual([{ id: expect.any(String), done: true }]);
  expect(await planned(alone)).toEqual([true]);
  expect(started).toEqual([]);
  const [shared, other] = [await parked(), await event(relayId, 'attempted')];
  await Promise.all([dispatcher.dispatch(shared), dispatcher.dispatch(other)]);
  const [row] = await done(shared);
  expect(await done(other)).toEqual([row]);
  expect(row?.done).toBe(false);
  await until('its start', () => started.length === 1);
  expect(started).toEqual([row?.id]);
});

it('writes nothing for an event that another relay owns', async () => {
  const leaving = await event(newId('rly'), 'individual');
  expect(await open(there).dispatch(leaving)).toBe('gone');
  expect(await planned(leaving)).toEqual([]);
});

it('takes an individual event back while Temporal is away, so that its first attempts are made', async () => {
  const relayId = newId('rly');
  const leaving = await event(relayId, 'individual');
  const dispatcher = open(nowhere, { relayId });
  expect(await dispatcher.dispatch(leaving)).toBe('read_again');
  expect(await outboxOwner(leaving)).toBe(uuidOf(relayId));
  expect(mode()).toBe('batched');
  expect(await dispatcher.dispatch(leaving)).toBe('read_again');
});

it('leaves a batch to the sweep while Temporal is away', async () => {
  const relayId = newId('rly');
  const leaving = await event(relayId, 'attempted');
  expect(await open(nowhere, { relayId }).dispatch(leaving)).toBe('dispatched');
  expect(await planned(leaving)).toEqual([true]);
  await until('Temporal to be away', () => mode() === 'batched');
});

it.each<[LeavingKind, DispatchSetting]>([
  ['unplanned', 'adaptive'],
  ['individual', 'individual'],
])('keeps trying to start the dispatch of an %s event whose first attempts may not come before it (%s mode)', async (kind, dispatch) => {
  const relayId = newId('rly');
  const leaving = await event(relayId, kind);
  let tries = 0;
  const starter = createStarter(nowhere, 60_000);
  const dispatcher = open(nowhere, {
    relayId,
    dispatch,
    retryMs: 10,
    starter: {
      ...starter,
      startDispatch(started) {
        tries++;
        return starter.startDispatch(started);
      },
    },
  });
  expect(await dispatcher.dispatch(leaving)).toBe('dispatched');
  await until('three tries', () => tries >= 3);
  expect(await planned(leaving)).toEqual([false]);
});

/** The database, which stores the first result of this statement, but whose answer is lost. */
function losingAnswerOf(statement: string, onLoss?: () => void): typeof api.db {
  let lost = false;
  const query = async (config: { name?: string }) => {
    const result = await api.db.query(config as never);
    if (lost || config.name !== statement) return result;
    lost = true;
    onLoss?.();
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  };
  return { query } as unknown as typeof api.db;
}

it('lets nobody attempt an event whose move was stored although its answer was lost, also if the mode changes', async () => {
  const relayId = newId('rly');
  const leaving = await event(relayId, 'individual');
  const db = losingAnswerOf('create_dispatches', () => modes.setTemporalAway(true));
  // to be read from the outbox, where it is no more
  expect(await open(there, { relayId, db, retryMs: 10 }).dispatch(leaving)).toBe('read_again');
  expect(await outboxOwner(leaving)).toBeUndefined();
  expect(await planned(leaving)).toEqual([false]);
});

it('leaves an event to the outbox whose take-back was stored although its answer was lost, and frees its place', async () => {
  const relayId = newId('rly');
  const leaving = await event(relayId, 'individual');
  const dispatcher = open(nowhere, { relayId, db: losingAnswerOf('take_back_dispatch'), retryMs: 10 });
  expect(await dispatcher.dispatch(leaving)).toBe('read_again');
  expect(await outboxOwner(leaving)).toBe(uuidOf(relayId));
});

it('attempts individual events first as soon as the mode is batched', async () => {
  const relayId = newId('rly');
  const blocking = await event(relayId, 'unplanned');
  const waiting = await event(relayId, 'individual');
  const dispatcher = open(nowhere, { relayId });
  void dispatcher.dispatch(blocking);
  await until('Temporal to be away', () => modes.isTemporalAway());
  expect(await dispatcher.dispatch(waiting)).toBe('read_again');
  expect(await outboxOwner(waiting)).toBe(uuidOf(relayId));
});

it('the next lease reports that Temporal is back, even if it never found it away', async () => {
  const relayId = newId('rly');
  await open(nowhere, { relayId }).dispatch(await event(relayId, 'attempted'));
  await until('Temporal to be away', () => mode() === 'batched');
  // a start may take longer than the 5 s after which Temporal counts as away
  const next = open(there, { relayId });
  await until('a start to say so', async () => {
    await next.dispatch(await event(relayId, 'attempted'));
    return mode() === 'individual';
  });
});

it('a lease that has ended reports nothing', async () => {
  const relayId = newId('rly');
  const started = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const starter = createStarter(nowhere, 60_000);
  const dispatcher = open(nowhere, {
    relayId,
    starter: {
      ...starter,
      async startDispatch(dispatch) {
        started.resolve();
        await mayGoOn.promise;
        return starter.startDispatch(dispatch);
      },
    },
  });
  void dispatcher.dispatch(await event(relayId, 'attempted'));
  await started.promise;
  const stopped = dispatcher.stop();
  mayGoOn.resolve();
  await stopped;
  expect(mode()).toBe('individual');
});
