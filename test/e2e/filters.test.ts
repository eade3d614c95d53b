// Filters in both dispatch modes: first attempts from the relay's memory, workflows, events that a dispatch plans, ordered
// endpoints, and what another relay takes over from the outbox. The receiver says what arrived.
import { afterAll, beforeAll, expect } from 'vitest';
import { eventToAccept } from '#api/routes/events/event-to-accept';
import { acceptEvents } from '#db/events/accept';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { openCli } from '../support/cli.ts';
import { startPosthorn, type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { longLeases } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let receiver: Receiver;
let batched: TestPosthorn;
beforeAll(async () => {
  [batched, receiver] = await Promise.all([
    startPosthorn({ namespace: 't126', env: { POSTHORN_DISPATCH: 'batched' }, timings: longLeases }),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await batched?.stop();
  await receiver?.close();
});

const amounts = [1, 99.99, 100, 250];

/** The amounts of the events that arrived at a path. */
const arrived = (path: string) =>
  receiver.requests
    .filter((one) => one.path === path)
    .map((one) => JSON.parse(one.body.toString()).data.amount)
    .toSorted((a, b) => a - b);

async function expectFiltered(posthorn: TestPosthorn, name: string): Promise<void> {
  const tenant = await posthorn.makeTenant();
  const filter = { 'data.amount': { $gte: 100 } };
  const path = (what: string) => `/${name}/${what}`;
  const make = async (what: string, more: object) => (await posthorn.makeEndpoint(tenant, receiver.url + path(what), more)).id;
  const filtered = await make('filtered', { filter });
  await make('all', {});
  await make('ordered', { filter, ordering: 'endpoint' });
  await make('none', { filter: { 'data.amount': { $lt: 0 } } });
  const deliverAt = new Date(Date.now() + 500).toISOString();
  const events = await Promise.all(amounts.map((amount) => posthorn.postEvent(tenant, { data: { amount } })));
  const later = await Promise.all(amounts.map((amount) => posthorn.postEvent(tenant, { data: { amount: amount + 1_000 }, deliverAt })));
  // planned by a dispatch, as a test event is
  const tested = await posthorn.post(`/v1/endpoints/${filtered}/test`, { data: { amount: -5 } });
  expect(tested.status).toBe(200);
  const wanted = [-5, ...amounts.filter((amount) => amount >= 100), ...amounts.map((amount) => amount + 1_000)];
  await until(
    'all that are wanted',
    () =>
      arrived(path('filtered')).length >= wanted.length &&
      arrived(path('all')).length >= 2 * amounts.length &&
      arrived(path('ordered')).length >= wanted.length - 1,
  );
  for (const event of [...events, ...later])
    await until('its deliveries', async () => (await posthorn.deliveriesOf(tenant, event)).every(({ status }) => status === 'succeeded'));
  expect(arrived(path('filtered'))).toEqual(wanted);
  expect(arrived(path('ordered'))).toEqual(wanted.slice(1));
  expect(arrived(path('all'))).toEqual([...amounts, ...wanted.slice(-amounts.length)]);
  expect(arrived(path('none'))).toEqual([]);
  const { body } = await posthorn.get(`/v1/tenants/${tenant}/events/${events[0]}/explain?endpoint=${filtered}`);
  expect(body.data[0]).toMatchObject({ code: 'filter_not_matched', delivery: null });
}

withPosthorn('with a workflow for each delivery', async ({ posthorn }) => {
  await expectFiltered(posthorn, 'individual');
});

withPosthorn('with first attempts before the dispatch', async () => {
  await expectFiltered(batched, 'batched');
  const metrics = await (await fetch(`${batched.origin}/metrics`, { headers: { authorization: `Bearer ${testApiKey}` } })).text();
  expect(Number(/^posthorn_events_filtered_out_total (\d+)/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(8);
});

withPosthorn('an event that another process has accepted is decrypted for the filter', async () => {
  const tenant = await batched.makeTenant();
  await batched.makeEndpoint(tenant, `${receiver.url}/taken`, { filter: { 'data.amount': { $gte: 100 } } });
  const [nowMs, trace] = [Date.now(), null];
  const events = amounts.map((amount) =>
    eventToAccept({ event: { type: 'order.created', data: null }, dataText: `{"amount":${amount}}`, eventId: newId('evt'), nowMs, trace }),
  );
  const { db, contents } = batched.core;
  await acceptEvents(db, [{ tenant, events }], null, contents);
  const waiting = async () =>
    (await db.query('select from outbox where event_id = any($1)', [events.map(({ eventId }) => uuidOf(eventId))])).rowCount;
  await until('the outbox to be empty', async () => (await waiting()) === 0);
  await until('both', () => arrived('/taken').length >= 2);
  expect(arrived('/taken')).toEqual([100, 250]);
});

withPosthorn('what it leaves out is not in the list of missed events', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/missed`, { filter: { 'data.amount': { $gte: 100 } } });
  expect((await posthorn.post(`/v1/endpoints/${id}/pause`)).status).toBe(200);
  const [, , wanted, also] = await Promise.all(amounts.map((amount) => posthorn.postEvent(tenant, { data: { amount } })));
  const missed = async () =>
    (await posthorn.get(`/v1/endpoints/${id}/missed`)).body.data.map(({ event }: { event: string }) => event).toSorted();
  await until('both', async () => (await missed()).length >= 2);
  expect(await missed()).toEqual([wanted, also].toSorted());
});

withPosthorn('is tested on the command line, with a stored event and the filter of an endpoint', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const cli = openCli({ POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey, POSTHORN_TENANT: tenant });
  try {
    const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/cli`, { filter: { 'data.amount': { $gte: 100 } } });
    const event = await posthorn.postEvent(tenant, { data: { amount: 99 } });
    const [given, stored, nothing] = await Promise.all([
      cli.json('filters', 'test', '--filter', '{"data.id":9007199254740993}', '--type', 'a', '--data', '{"id":9007199254740993}'),
      cli.json('filters', 'test', '--endpoint', id, '--event', event),
      cli.run(['filters', 'test', '--type', 'a', '--data', '1']),
    ]);
    expect(given).toEqual({ matches: true, decidedBy: '/data.id' });
    expect(stored).toEqual({ matches: false, decidedBy: '/data.amount/$gte' });
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('Which filter?') });
  } finally {
    cli.remove();
  }
});

withPosthorn('a changed filter counts for the next event, and a replay for what it left out', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/changed`, { filter: { 'data.amount': { $gte: 100 } } });
  const events = await Promise.all(amounts.map((amount) => posthorn.postEvent(tenant, { data: { amount } })));
  await until('both', () => arrived('/changed').length >= 2);
  // until then the filter at planning counts
  const planned = { text: 'select from event_ids where external_id = any($1) and waits_for_plan(event_id)', values: [events] };
  await until('all to be planned', async () => (await posthorn.database.db.query(planned)).rowCount === 0);
  const changed = await posthorn.call('PATCH', `/v1/endpoints/${id}`, { filter: { 'data.amount': { $lt: 100 } } });
  expect(changed.status).toBe(200);
  await posthorn.postEvent(tenant, { data: { amount: 5 } });
  await posthorn.postEvent(tenant, { data: { amount: 500 } });
  await until('the one that is wanted now', () => arrived('/changed').includes(5));
  const selection = { tenant, endpoint: id, neverAttempted: true, since: new Date(Date.now() - 3_600_000).toISOString() };
  const counted = async () => (await posthorn.post('/v1/replays', { ...selection, dryRun: true })).body;
  await until('the count', async () => (await counted()).matched === 2);
  expect((await posthorn.post('/v1/replays', selection)).status).toBe(202);
  await until('what the old filter left out', () => arrived('/changed').length >= 5);
  expect(arrived('/changed')).toEqual([1, 5, 99.99, 100, 250]);
});
