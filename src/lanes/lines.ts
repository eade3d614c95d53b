// Who is next in a lane. What must keep its order stands in one line - all of an ordered endpoint, or one ordering key - and one of a line is under way at a
// time; what has no order is a line each. A line whose head waits for its time, or is blocked, keeps those behind it waiting and no other line.
import type { HeldDelivery } from '../db/lane-page.ts';
import type { Ordering } from '../domain/lane-settings.ts';

export interface Lines {
  /** Rows as they were read just now, in their order: what was known of lines that are not under way is forgotten. */
  fill(rows: HeldDelivery[], nowMs: number, evenEarly: boolean): void;
  /** The next that may be sent; its line is under way until it is told how that ended. */
  next(nowMs: number): HeldDelivery | undefined;
  /** Takes these out: their lines are under way. */
  take(rows: HeldDelivery[]): void;
  /** Sent and done with: the one behind it may go. */
  done(row: HeldDelivery): void;
  /** Its line waits until then; null: until it is read again. */
  wait(row: HeldDelivery, untilMs: number | null): void;
  /** Those that may be sent now, none of which is taken. */
  ready(nowMs: number): HeldDelivery[];
  /** How many lines have one that may be sent now. */
  movable(nowMs: number): number;
  /** Not to be read: the deliveries under way, and the ordering keys that are under way or wait. */
  except(nowMs: number): { deliveries: string[]; keys: string[] };
  /** When the first line that waits may go on; null: none waits. */
  nextAtMs(nowMs: number): number | null;
  underWay(): number;
}

export function createLines(ordering: () => Ordering): Lines {
  const lines = new Map<string, HeldDelivery[]>();
  const busy = new Map<string, HeldDelivery>();
  const waits = new Map<string, number>();

  const keyOf = ({ deliveryId, laneKey }: HeldDelivery) => {
    if (ordering() === 'endpoint') return '';
    return ordering() === 'key' && laneKey !== null ? laneKey : deliveryId;
  };

  function mayGo(key: string, nowMs: number): boolean {
    return !busy.has(key) && (waits.get(key) ?? 0) <= nowMs;
  }

  function forget(row: HeldDelivery): string {
    const key = [...busy].find(([, known]) => known.deliveryId === row.deliveryId)?.[0] ?? keyOf(row);
    busy.delete(key);
    return key;
  }

  return {
    fill(rows, nowMs, evenEarly) {
      for (const key of lines.keys()) if (!busy.has(key)) lines.delete(key);
      for (const [key, until] of waits) if (until <= nowMs) waits.delete(key);
      const before = new Set(lines.keys());
      for (const row of rows) {
        const key = keyOf(row);
        if (before.has(key)) continue;
        const line = lines.get(key) ?? [];
        line.push(row);
        lines.set(key, line);
        if (line.length === 1 && row.dueInMs > 0 && !evenEarly) waits.set(key, nowMs + row.dueInMs);
        else if (line.length === 1 && evenEarly) waits.delete(key);
      }
    },
    next(nowMs) {
      for (const [key, line] of lines) {
        const head = line[0];
        if (!head || !mayGo(key, nowMs)) continue;
        line.shift();
        busy.set(key, head);
        return head;
      }
      return undefined;
    },
    take(rows) {
      for (const row of rows) {
        const key = keyOf(row);
        busy.set(key, row);
        const line = lines.get(key);
        if (line)
          lines.set(
            key,
            line.filter(({ deliveryId }) => deliveryId !== row.deliveryId),
          );
      }
    },
    done(row) {
      const key = forget(row);
      if (lines.get(key)?.length === 0) lines.delete(key);
    },
    wait(row, untilMs) {
      const key = forget(row);
      lines.delete(key);
      if (untilMs !== null) waits.set(key, untilMs);
    },
    ready: (nowMs) => [...lines].flatMap(([key, line]) => (mayGo(key, nowMs) ? line : [])),
    movable: (nowMs) => [...lines].filter(([key, line]) => line.length > 0 && mayGo(key, nowMs)).length,
    except(nowMs) {
      const waiting = [...waits].filter(([, until]) => until > nowMs).map(([key]) => key);
      return { deliveries: [...busy.values()].map(({ deliveryId }) => deliveryId), keys: [...busy.keys(), ...waiting] };
    },
    nextAtMs(nowMs) {
      const times = [...waits.values()].filter((until) => until > nowMs);
      return times.length === 0 ? null : Math.min(...times);
    },
    underWay: () => busy.size,
  };
}
