// An event is committed, and the answer to the commit is late, while the relay reads the outbox
// again. The relay skips the event; ingest hands it over once, so it is sent once, however late the
// answer is.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { newEvent, setParkingStage } from './parking-stage.ts';

let stage: Awaited<ReturnType<typeof setParkingStage>>;
let answer: Promise<void> | undefined;
beforeAll(async () => {
  stage = await setParkingStage('batched', async () => answer);
});
afterAll(() => stage?.close());

it.each([false, true])('sends an event once whose commit is answered late (the tenant has an ordered endpoint: %s)', async (isOrdering) => {
  const path = `/ordering-${isOrdering}`;
  const { id } = await stage.makeEndpoint(path);
  const posts = (eventId: string) => stage.receiver.of(eventId).filter((request) => request.path === path);
  const ordered = isOrdering ? (await stage.makeEndpoint('/ordered')).id : undefined;
  if (ordered) await stage.sql(`update endpoints set ordering = 'endpoint' where id = $1`, ordered);
  const late = newEvent();
  let answers: () => void = () => undefined;
  answer = new Promise<void>((resolve) => {
    answers = resolve;
  });
  const accepting = stage.accept(late);
  await until('the commit', async () => (await stage.sql('select from outbox where event_id = $1', late.eventId)).rowCount === 1);
  const marker = await stage.commit();
  stage.relay.sweepSoon();
  await stage.dispatchOf(marker);
  answer = undefined;
  answers();
  await accepting;
  await stage.dispatchOf(late.eventId);
  // a later event is sent later, so by then a second request for the late event would have arrived
  const next = await stage.accept();
  await stage.dispatchOf(next);
  expect(await stage.status(late.eventId, id)).toBe('succeeded');
  expect(posts(late.eventId)).toHaveLength(1);
  if (ordered) expect(await stage.status(late.eventId, ordered)).toBe('held');
  expect(posts(marker)).toHaveLength(1);
});
