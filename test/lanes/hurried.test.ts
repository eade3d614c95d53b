// retry-now of a held delivery: it is sent before all others, despite Retry-After and an open
// circuit.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { obeyCommand } from '#db/deliveries/commands';
import { uuidOf } from '#domain/ids';
import { circuitTimes, opened } from '#domain/lanes/circuit';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

const inAnHour = () => new Date(Date.now() + 3_600_000);
const retryNow = async (id: string) =>
  expect(await obeyCommand(stage.db, id, { kind: 'retry-now' }, 'outside')).toMatchObject({ obeyed: true });
const flag = async (id: string) => (await stage.lane(id)).hurried;

it('retry-now sends only this delivery despite Retry-After; if it fails, it waits like the others', async () => {
  const id = await stage.makeEndpoint('/peace', { not_before: inAnHour() });
  stage.receiver.answer('/peace', (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
  const [, second = ''] = await stage.park(id, names('peace', 3));
  expect(await stage.drain(id)).toMatchObject({ wait: 'retry_after', sent: 0 });
  await retryNow(second);
  expect(await flag(id)).toBe(true);
  expect(await stage.drain(id)).toMatchObject({ wait: 'retry_after', sent: 1 });
  expect(stage.arrived('/peace')).toEqual(['peace-1']);
  expect(await stage.delivery(second)).toMatchObject({ status: 'held', attempts: 1, hurried: false });
  expect(await flag(id)).toBe(false);
});

it('retry-now makes it the next probe of an open circuit, at once, and uses up one attempt', async () => {
  const id = await stage.makeEndpoint('/open');
  stage.receiver.answer('/open', [500]);
  const ids = await stage.park(id, names('open', 5));
  const circuit = opened(Date.now() + 3_600_000, circuitTimes);
  await stage.db.query('update lanes set circuit = $2 where endpoint_id = $1', [uuidOf(id), JSON.stringify(circuit)]);
  await retryNow(ids[3] ?? '');
  expect(await stage.drain(id, undefined, { times: circuitTimes })).toMatchObject({ wait: 'circuit_open', sent: 1 });
  expect(stage.arrived('/open')).toEqual(['open-3']);
  expect(await stage.delivery(ids[3] ?? '')).toMatchObject({ attempts: 1, hurried: false });
  expect((await stage.lane(id)).circuit).toMatchObject({ state: 'open', refusedProbes: 1 });
});

it('retry-now makes it the next delivery of a rate-limited endpoint, before older ones', async () => {
  const id = await stage.makeEndpoint('/paced', { rate_limit: { perSecond: 4, burst: 1 } });
  const ids = await stage.park(id, names('paced', 4));
  await retryNow(ids[3] ?? '');
  await stage.drain(id);
  expect(stage.arrived('/paced')[0]).toBe('paced-3');
  expect(await stage.statuses(id)).toEqual({ succeeded: 4 });
});

it('a new drain finds a retry-now even when the lane was not told', async () => {
  const id = await stage.makeEndpoint('/untold', { not_before: inAnHour() });
  const [first = ''] = await stage.park(id, names('untold', 2));
  await retryNow(first);
  await stage.db.query('update lanes set hurried = false where endpoint_id = $1', [uuidOf(id)]);
  expect(await stage.drain(id)).toMatchObject({ sent: 1, held: 1 });
  expect(stage.arrived('/untold')).toEqual(['untold-0']);
});

it('a delivery with retry-now does not wait until its batch is full', async () => {
  const id = await stage.makeEndpoint('/batch', { not_before: inAnHour(), batch: { maxEvents: 10, maxWaitMs: 60_000 } });
  const [first = ''] = await stage.park(id, names('batch', 2));
  await retryNow(first);
  await stage.drain(id);
  expect(stage.receiver.requests.filter(({ path }) => path === '/batch').map(({ headers }) => headers['posthorn-batch'])).toEqual(['1']);
});
