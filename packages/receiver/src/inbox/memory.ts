// An inbox in memory, for tests and for work that may be lost: what waits is gone when the process ends.
import { Rejection } from '../errors.ts';
import { jsonLog, type Log } from '../log.ts';
import { defaults } from '../options.ts';
import { inboxOf } from './open-inbox.ts';
import type { Acceptance, Claimed, DeadLetter, Gap, Inbox, NewItem } from './store.ts';

interface Item extends NewItem {
  state: 'waiting' | 'done' | 'dead';
  receiver: string;
  position: number;
  receivedAt: number;
  /** While it is claimed: the end of the lease. */
  dueAt: number;
  isClaimed: boolean;
  attempts: number;
  fence: number;
  error: string;
}

const byOrder = (a: Item, b: Item) => Number(a.sequence) - Number(b.sequence) || a.position - b.position;

/**
 * `mostItems`: above it, what was done longest ago is forgotten, then the oldest dead letter, with a line in the log; when that
 * many wait, events are refused.
 */
export function memoryInbox({ mostItems = 100_000 } = {}): Inbox<never> {
  const items = new Map<string, Item>();
  const waiting = new Set<Item>();
  /** In the order in which they left. */
  const left = { done: new Set<Item>(), dead: new Set<Item>() };
  /** By receiver. */
  const logs = new Map<string, Log>();
  /** By receiver and key: the highest sequence number that was done with. */
  const last = new Map<string, number>();
  let position = 0;
  const of = (receiver: string) => [...items.values()].filter((item) => item.receiver === receiver);
  const logOf = ({ receiver }: Item) => logs.get(receiver) ?? jsonLog;
  const lastOf = ({ receiver, key }: Item) => last.get(`${receiver} ${key}`) ?? 0;
  const held = (receiver: string, { id, fence }: Pick<Claimed, 'id' | 'fence'>) => {
    const item = items.get(`${receiver} ${id}`);
    return item?.state === 'waiting' && item.fence === fence ? item : undefined;
  };

  function leave(item: Item, state: 'done' | 'dead'): void {
    waiting.delete(item);
    left.dead.delete(item);
    left[state].add(item);
    Object.assign(item, { state, dueAt: Date.now(), isClaimed: false }, state === 'done' && { raw: '' });
    if (item.key !== null) last.set(`${item.receiver} ${item.key}`, Math.max(lastOf(item), Number(item.sequence)));
  }

  function accept(receiver: string, item: NewItem, again: boolean): Acceptance {
    const name = `${receiver} ${item.id}`;
    const known = items.get(name);
    const isRevived = known && known.state !== 'waiting' && (again || known.state === 'dead') && item.replay > known.replay;
    if (known && !isRevived) return 'duplicate';
    const fresh = { state: 'waiting', receiver, position: position++, receivedAt: Date.now(), dueAt: 0, isClaimed: false } as const;
    const added: Item = { ...item, ...fresh, attempts: 0, fence: known?.fence ?? 0, error: '' };
    if (known) forget(known);
    items.set(name, added);
    waiting.add(added);
    return known ? 'revived' : 'new';
  }

  function forget(item: Item): void {
    items.delete(`${item.receiver} ${item.id}`);
    for (const set of [left.done, left.dead]) set.delete(item);
  }

  function makeRoom(wanted: number): void {
    const excess = Math.max(0, items.size + wanted - mostItems);
    for (const item of firstOf(excess, left.done, left.dead)) {
      if (item.state === 'dead')
        logOf(item).error({ receiver: item.receiver, id: item.id, type: item.type }, 'webhook.dead_letter_forgotten');
      forget(item);
    }
    if (items.size + wanted > mostItems)
      throw new Rejection(503, 'inbox_full', `${items.size} events wait in the inbox, which is in memory`, 10);
  }

  /** Of each key the event whose turn it is, unless another of the key is in work. */
  function headsOf(all: Item[], now: number): Set<Item> {
    const heads = new Map<string | null, Item>();
    for (const item of all) {
      const head = heads.get(item.key);
      if (!head || byOrder(item, head) < 0) heads.set(item.key, item);
    }
    for (const item of all) if (item.isClaimed && item.dueAt > now) heads.delete(item.key);
    return new Set(heads.values());
  }

  const inbox = inboxOf<never>({
    async accept(receiver, given, { again }) {
      makeRoom(given.filter(({ id }) => !items.has(`${receiver} ${id}`)).length);
      return given.map((item) => accept(receiver, item, again));
    },
    async claim(receiver, { limit, leaseMs, gapWaitMs }) {
      const [all, now] = [[...waiting].filter((item) => item.receiver === receiver), Date.now()];
      const due = all.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.position - b.position);
      const heads = headsOf(all, now);
      const isNext = (item: Item) => Number(item.sequence) <= lastOf(item) + 1 || item.receivedAt + gapWaitMs <= now;
      const taken: Claimed[] = [];
      for (const item of due) {
        if (taken.length === limit) break;
        if (item.key !== null && !(heads.has(item) && isNext(item))) continue;
        Object.assign(item, { isClaimed: true, dueAt: now + leaseMs, attempts: item.attempts + 1, fence: item.fence + 1 });
        taken.push({ ...item, last: lastOf(item) });
      }
      return taken;
    },
    async extend(receiver, claims, leaseMs) {
      const still = claims.flatMap((claim) => held(receiver, claim) ?? []);
      for (const item of still) item.dueAt = Date.now() + leaseMs;
      return new Set(still.map(({ id }) => id));
    },
    async end(receiver, claim, end) {
      const item = held(receiver, claim);
      if (!item) return false;
      if (end.state === 'released') Object.assign(item, { isClaimed: false, dueAt: Date.now(), attempts: item.attempts - 1 });
      else if (end.state === 'retry') Object.assign(item, { isClaimed: false, dueAt: Date.now() + end.inMs });
      else leave(item, end.state);
      if ('error' in end) item.error = end.error;
      return true;
    },
    async dead(receiver, limit) {
      return [...left.dead]
        .filter((item) => item.receiver === receiver)
        .slice(0, limit)
        .map(
          ({ id, type, raw, attempts, error, receivedAt }): DeadLetter => ({
            id,
            type,
            raw,
            attempts,
            error,
            receivedAt: new Date(receivedAt),
          }),
        );
    },
    async settle(receiver, id, what) {
      const item = items.get(`${receiver} ${id}`);
      if (item?.state !== 'dead') return false;
      if (what === 'discard') leave(item, 'done');
      else {
        left.dead.delete(item);
        waiting.add(Object.assign(item, { state: 'waiting', attempts: 0, dueAt: 0 } as const));
      }
      return true;
    },
    async gaps(receiver) {
      return gapsIn(of(receiver).flatMap(({ key, sequence }) => (key === null || sequence === null ? [] : { key, sequence })));
    },
    async purge(receiver, keepMs) {
      const old = of(receiver).filter(({ state, dueAt }) => state === 'done' && dueAt <= Date.now() - keepMs);
      for (const item of old) forget(item);
      return old.length;
    },
  });
  return {
    ...inbox,
    open(find, log, options) {
      logs.set(options.name ?? defaults.name, log);
      return inbox.open(find, log, options);
    },
  };
}

/** The first `most` of these sets, one set after the other. */
function firstOf<Value>(most: number, ...sets: ReadonlySet<Value>[]): Value[] {
  const first: Value[] = [];
  for (const set of sets)
    for (const value of set) {
      if (first.length === most) return first;
      first.push(value);
    }
  return first;
}

function gapsIn(seen: { key: string; sequence: number }[]): Gap[] {
  const last = new Map<string, number>();
  return seen
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.sequence - b.sequence))
    .flatMap(({ key, sequence }) => {
      const before = last.get(key) ?? 0;
      last.set(key, sequence);
      return sequence > before + 1 ? [{ key, from: before + 1, to: sequence - 1 }] : [];
    });
}
