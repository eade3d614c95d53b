// An inbox in a server that speaks the protocol of Redis (Redis, Valkey, and others with Lua). An event is stored as
// safely as that server stores anything: with `appendfsync always` before the answer, with `everysec` within a second.

import { inboxOf } from './open-inbox.ts';
import { script } from './redis-script.ts';
import type { Acceptance, End, Gap, Inbox } from './store.ts';

/** A client of `ioredis`, of `redis` or `@redis/client` (connected), or of `@valkey/valkey-glide`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { customCommand(args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> };

export interface RedisInboxOptions {
  /** Before every key. Default: `posthorn`. */
  prefix?: string;
}

/** ioredis has a `sendCommand` too, which takes something else. */
function callerOf(client: RedisClient): (args: string[]) => Promise<unknown> {
  if ('call' in client) return ([command = '', ...args]) => client.call(command, ...args);
  if ('customCommand' in client) return (args) => client.customCommand(args);
  return (args) => client.sendCommand(args);
}

const text = (value: unknown) => String(value ?? '');
const rowsOf = (answer: unknown) => answer as unknown[][];

/** State, milliseconds until it is due, error, and whether the attempt counts. */
function parametersOf(end: End): string[] {
  if (end.state === 'released') return ['waiting', '0', '', '0'];
  if (end.state === 'retry') return ['waiting', String(end.inMs), end.error, '1'];
  return [end.state, '0', end.state === 'dead' ? end.error : '', '1'];
}

export function redisInbox(client: RedisClient, { prefix = 'posthorn' }: RedisInboxOptions = {}): Inbox<never> {
  const call = callerOf(client);
  /** By receiver: how long an event waits for the ones before it. */
  const gapWaits = new Map<string, number>();
  const run = (receiver: string, ...args: (string | number)[]) =>
    call(['EVAL', script, '1', `${prefix}:{${receiver}}:`, ...args.map(String)]);

  return inboxOf<never>({
    async accept(receiver, items, { again, gapWaitMs }) {
      const fields = items.flatMap(({ id, type, raw, key, sequence, replay, meta }) => [
        id,
        type,
        raw,
        key ?? '',
        sequence ?? '',
        replay,
        meta,
      ]);
      return ((await run(receiver, 'accept', again ? 1 : 0, gapWaitMs, ...fields)) as unknown[]).map(text) as Acceptance[];
    },
    async claim(receiver, { worker, limit, leaseMs, gapWaitMs }) {
      gapWaits.set(receiver, gapWaitMs);
      const rows = rowsOf(await run(receiver, 'claim', limit, leaseMs, worker));
      return rows.map(([id, type, raw, key, sequence, meta, attempts, fence, last]) => ({
        ...{ id: text(id), type: text(type), raw: text(raw), meta: text(meta) },
        ...(text(key) === '' ? { key: null, sequence: null } : { key: text(key), sequence: Number(sequence) }),
        ...{ attempts: Number(attempts), fence: Number(fence), last: Number(last) },
      }));
    },
    async extend(receiver, claims, leaseMs) {
      const held = (await run(receiver, 'extend', leaseMs, ...claims.flatMap(({ id, fence }) => [id, fence]))) as unknown[];
      return new Set(held.map(text));
    },
    end: async (receiver, { id, fence }, end, keepMs) =>
      Number(await run(receiver, 'end', id, fence, ...parametersOf(end), keepMs, gapWaits.get(receiver) ?? 0)) === 1,
    async dead(receiver, limit) {
      const rows = rowsOf(await run(receiver, 'dead', limit));
      return rows.map(([id, type, raw, attempts, error, at]) => ({
        ...{ id: text(id), type: text(type), raw: text(raw), attempts: Number(attempts), error: text(error) },
        receivedAt: new Date(Number(at)),
      }));
    },
    settle: async (receiver, id, what, keepMs) => Number(await run(receiver, 'settle', id, what, keepMs)) === 1,
    async gaps(receiver) {
      const found = ((await run(receiver, 'gaps')) as unknown[]).map(text);
      const keys = found.filter((_, n) => n % 2 === 0);
      return keys.flatMap((key, n): Gap[] =>
        (JSON.parse(found[2 * n + 1] ?? '[]') as [number, number][]).map(([from, to]) => ({ key, from, to })),
      );
    },
    // the keys of what is done expire
    purge: async () => 0,
  });
}
