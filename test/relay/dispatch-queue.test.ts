// The queue of a relay: which events leave next, in which dispatch, without the relay.
import { expect, it } from 'vitest';
import type { DispatchMode } from '#domain/events/dispatch-mode';
import { DispatchQueue, type Leaving, type LeavingKind, toDispatch } from '#relay/dispatch-queue';
import { newId } from '#runtime/new-id';

interface Setting {
  mode?: DispatchMode;
  isTemporalAway?: boolean;
  isPaced?: boolean;
}

function open(setting: Setting = {}) {
  const now: Setting = setting;
  const modes = { mode: () => now.mode ?? 'individual', isTemporalAway: () => now.isTemporalAway ?? false };
  return { queue: new DispatchQueue<Leaving>({ modes, isPaced: setting.isPaced ?? false }), now };
}

const leaving = (kind: LeavingKind, tenantId = 'one', urgent = false): Leaving => ({
  kind,
  event: { eventId: newId('evt'), tenantId, tenant: tenantId, eventType: 'order.created', trace: null },
  urgent,
});

function fill(queue: DispatchQueue<Leaving>, count: number, kind: LeavingKind, urgent = false): void {
  for (let n = 0; n < count; n++) queue.add(leaving(kind, 'one', urgent));
}

/** The sizes of all groups that leave now. */
function left(queue: DispatchQueue<Leaving>): number[] {
  const sizes: number[] = [];
  for (let group = queue.next(0); group; group = queue.next(0)) sizes.push(group.length);
  return sizes;
}

it.each<[string, Setting, number[]]>([
  ['sixteen at a time', {}, Array.from({ length: 16 }, () => 1)],
  ['two at a time in adaptive mode', { isPaced: true }, [1, 1]],
  ['one at a time, together, while Temporal is away', { isTemporalAway: true }, [20]],
  ['together in batched mode', { mode: 'batched' }, [20]],
])('lets individual events leave %s', (_, setting, expected) => {
  const { queue } = open(setting);
  fill(queue, 20, 'individual');
  expect(left(queue)).toEqual(expected);
});

it('begins the next individual dispatch when one has ended', () => {
  const { queue } = open({ isPaced: true });
  fill(queue, 3, 'individual');
  left(queue);
  queue.ended('individual');
  expect(left(queue)).toEqual([1]);
  expect(left(queue)).toEqual([]);
});

it('lets events share dispatches after Temporal was away, until none of them waits', () => {
  const { queue, now } = open({ isTemporalAway: true });
  fill(queue, 1, 'unplanned');
  left(queue);
  fill(queue, 300, 'unplanned');
  expect(left(queue)).toEqual([]);
  now.isTemporalAway = false;
  expect(left(queue)).toEqual([256, 44]);
  fill(queue, 2, 'unplanned');
  expect(left(queue)).toEqual([1, 1]);
});

it.each<DispatchMode>(['individual', 'batched'])(
  'lets an unplanned event leave although individual events never stop coming (mode: %s)',
  (mode) => {
    const { queue } = open({ mode, isTemporalAway: true });
    fill(queue, 3, 'individual');
    for (let n = 0; n < 3; n++) queue.add(leaving('unplanned', 'other'));
    const kinds: LeavingKind[] = [];
    while (kinds.length < 8) {
      for (const { kind } of queue.next(0) ?? []) kinds.push(kind);
      queue.ended('individual');
      fill(queue, 1, 'individual');
    }
    expect(kinds.slice(0, 8).filter((kind) => kind === 'unplanned')).toHaveLength(3);
  },
);

it('puts events of only one kind into a dispatch', () => {
  const { queue } = open({ mode: 'batched' });
  for (let n = 0; n < 21; n++) queue.add(leaving(n % 2 === 0 ? 'unplanned' : 'individual'));
  const groups = [queue.next(0), queue.next(0)].map((group) => [group?.length, new Set(group?.map(({ kind }) => kind)).size]);
  expect(groups.toSorted()).toEqual([
    [10, 1],
    [11, 1],
  ]);
});

it.each<[string, number, boolean, number, number[]]>([
  ['none before the beat', 255, true, 0, []],
  ['a full batch at once', 300, false, 0, [256]],
  ['an urgent one at the first beat', 3, true, 1, [3]],
  ['others not before the fourth beat', 3, false, 3, []],
  ['others at the fourth beat', 3, false, 4, [3]],
  ['four batches at a time', 2_000, false, 0, [256, 256, 256, 256]],
])('lets attempted events leave in batches: %s', (_, count, urgent, beats, expected) => {
  const { queue } = open({ mode: 'batched' });
  fill(queue, count, 'attempted', urgent);
  for (let n = 0; n < beats; n++) queue.beat();
  expect(left(queue)).toEqual(expected);
});

it('counts the beats again after each batch, and forgets the urgency', () => {
  const { queue } = open({ mode: 'batched' });
  fill(queue, 1, 'attempted', true);
  queue.beat();
  expect(left(queue)).toEqual([1]);
  fill(queue, 1, 'attempted');
  for (let n = 0; n < 3; n++) queue.beat();
  expect(left(queue)).toEqual([]);
  queue.beat();
  expect(left(queue)).toEqual([1]);
});

it('has two places for individual events in adaptive mode, kept until they come', () => {
  const { queue } = open({ isPaced: true });
  expect([queue.takePlace(), queue.takePlace(), queue.takePlace()]).toEqual([true, true, false]);
  fill(queue, 2, 'individual');
  expect(queue.takePlace()).toBe(false);
  expect(left(queue)).toEqual([1, 1]);
  expect(queue.takePlace()).toBe(false);
  queue.ended('individual');
  expect(queue.takePlace()).toBe(true);
});

it('has a place for every event if individual mode is set', () => {
  const { queue } = open();
  fill(queue, 20, 'individual');
  expect(queue.takePlace()).toBe(true);
});

it('lets followed events leave one by one, after the individual ones, in the same two places', () => {
  const { queue } = open({ isPaced: true });
  fill(queue, 4, 'followed');
  fill(queue, 1, 'individual');
  const groups = [queue.next(0), queue.next(0), queue.next(0)];
  expect(groups.map((group) => group?.map(({ kind }) => kind))).toEqual([['individual'], ['followed'], undefined]);
  queue.ended('followed');
  expect(queue.takePlace()).toBe(true);
  expect(left(queue)).toEqual([]);
});

it.each<[string, Partial<Setting>]>([
  ['the mode is batched', { mode: 'batched' }],
  ['Temporal is away', { mode: 'batched', isTemporalAway: true }],
])('makes followed events attempted ones when %s, as urgent as they are', (_, change) => {
  const { queue, now } = open({ isPaced: true });
  fill(queue, 3, 'followed', true);
  Object.assign(now, change);
  expect(left(queue)).toEqual([]);
  queue.beat();
  const group = queue.next(0);
  expect(group?.map(({ kind }) => kind)).toEqual(['attempted', 'attempted', 'attempted']);
});

it('goes round the tenants', () => {
  const { queue } = open();
  for (const tenant of ['a', 'a', 'a', 'b']) queue.add(leaving('individual', tenant));
  expect([queue.next(0), queue.next(0)].map((group) => group?.[0]?.event.tenantId)).toEqual(['a', 'b']);
});

it('gives back the individual events only', () => {
  const { queue } = open({ isTemporalAway: true });
  fill(queue, 3, 'individual');
  fill(queue, 2, 'unplanned');
  expect(queue.takeIndividual()).toHaveLength(3);
  expect(queue.waiting()).toBe(2);
});

it('tells Temporal how many events and tenants a dispatch has', () => {
  expect(toDispatch([leaving('attempted', 'a'), leaving('attempted', 'b'), leaving('attempted', 'a')])).toMatchObject({
    events: 3,
    tenants: 2,
    tenant: 'a',
    eventType: 'order.created',
  });
});
