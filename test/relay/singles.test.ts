// Individually dispatched events: how the queues of events that need their dispatch, and of those
// whose first attempts could come first, take turns.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LeavingEvent } from '#relay/leaving-event';
import { createSingles } from '#relay/singles';
import { newId } from '#runtime/new-id';

const leaving = (tenantId: string, needsDispatch: boolean): LeavingEvent => ({
  eventId: newId('evt'),
  tenantId,
  tenant: tenantId,
  eventType: 'order.created',
  needsDispatch,
});

/** Dispatches one event after the other, and keeps `waiting` events of the busy tenant in the queue. */
async function handedOver(isBatched: boolean): Promise<boolean[]> {
  const order: boolean[] = [];
  const singles = createSingles({
    isPaced: false,
    isBatched: () => isBatched,
    temporalAway: () => true, // one at a time
    mayGoOn: () => order.length < 40,
    async handOver(events) {
      order.push(...events.map(({ needsDispatch }) => needsDispatch));
      await turn();
      singles.add(leaving('busy', false));
    },
  });
  for (let event = 0; event < 3; event++) singles.add(leaving('busy', false));
  for (let event = 0; event < 3; event++) singles.add(leaving('other', true));
  while (order.length < 40) await turn();
  await singles.stop();
  return order;
}

it.each([false, true])(
  'dispatches an event that needs its dispatch although other events never stop coming (events share a dispatch: %s)',
  async (isBatched) => {
    const order = await handedOver(isBatched);
    expect(order.slice(0, 8).filter((needsDispatch) => needsDispatch)).toHaveLength(3);
  },
);

it('puts events of only one kind into a dispatch', async () => {
  const dispatches: LeavingEvent[][] = [];
  let mayGoOn = false;
  const singles = createSingles({
    isPaced: false,
    isBatched: () => true,
    temporalAway: () => false,
    mayGoOn: () => mayGoOn,
    handOver: async (events) => void dispatches.push(events),
  });
  for (let event = 0; event < 20; event++) singles.add(leaving('one', event % 2 === 0));
  mayGoOn = true;
  singles.add(leaving('one', true));
  expect(dispatches.map((events) => [events.length, new Set(events.map(({ needsDispatch }) => needsDispatch)).size]).toSorted()).toEqual([
    [10, 1],
    [11, 1],
  ]);
  await singles.stop();
});
