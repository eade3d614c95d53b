// Who is next in a lane. What must keep its order stands in one line - all of an ordered endpoint, or one ordering key - and one request of a line is under way
// at a time; what has no order is a line each. A line whose head waits for its time keeps those behind it waiting, and no other line.
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Ordering } from '#domain/lane-settings';

export interface LaneQueues {
  /** Rows as they were read just now, in their order: what was known of lines that are not under way is forgotten. `evenEarly`: whatever their times. */
  fill(rows: HeldDelivery[], nowMs: number, evenEarly: boolean): void;
  /** The next that may be sent, `skip` lines on and round again; its line is under way until it is told how that ended. */
  next(nowMs: number, skip?: number): HeldDelivery | undefined;
  /** Takes these out: their lines are under way. */
  take(rows: HeldDelivery[]): void;
  /** Sent and done with: the one behind it may go. */
  done(row: HeldDelivery): void;
  /** Its line is read again: at once, or when its own time has come as far as is known here. */
  wait(row: HeldDelivery, untilMs: number | null): void;
  /** The same for a fault of ours, which nothing that is read shortens. */
  pause(row: HeldDelivery, untilMs: number): void;
  /** What is known of times may have been changed: it is to be read. */
  forgetWaits(): void;
  /** Those that may be sent now, in their lines; none of them is taken. */
  ready(nowMs: number): HeldDelivery[];
  /** How many lines have one that may be sent now. */
  movable(nowMs: number): number;
  /** Not to be read: the deliveries under way, and the ordering keys that are under way or wait. */
  except(nowMs: number): { deliveries: string[]; keys: string[] };
  /** When the first line that waits may go on; null: none waits. */
  nextAtMs(nowMs: number): number | null;
  underWay(): number;
}

interface Waiting {
  row: HeldDelivery;
  dueAtMs: number;
}

export function createLaneQueues(ordering: () => Ordering): LaneQueues {
  const lines = new Map<string, Waiting[]>();
  /** By line; more than one in a batch. */
  const busy = new Map<string, Set<string>>();
  const lineOf = new Map<string, string>();
  const waits = new Map<string, number>();
  const pauses = new Map<string, number>();

  const keyOf = ({ deliveryId, laneKey }: HeldDelivery) => {
    if (ordering() === 'endpoint') return '';
    return ordering() === 'key' && laneKey !== null ? laneKey : deliveryId;
  };

  function mayGo(key: string, line: Waiting[], nowMs: number): boolean {
    const [head] = line;
    if (!head || busy.has(key) || head.dueAtMs > nowMs) return false;
    return (waits.get(key) ?? 0) <= nowMs && (pauses.get(key) ?? 0) <= nowMs;
  }

  function begin(key: string, { deliveryId }: HeldDelivery): void {
    const members = busy.get(key) ?? new Set();
    busy.set(key, members.add(deliveryId));
    lineOf.set(deliveryId, key);
  }

  function end(row: HeldDelivery): string {
    const key = lineOf.get(row.deliveryId) ?? keyOf(row);
    lineOf.delete(row.deliveryId);
    busy.get(key)?.delete(row.deliveryId);
    if (busy.get(key)?.size === 0) busy.delete(key);
    return key;
  }

  function movable(nowMs: number): [string, Waiting[]][] {
    return [...lines].filter(([key, line]) => mayGo(key, line, nowMs));
  }

  /** Its line is read again. */
  function readAgain(row: HeldDelivery): string {
    const key = end(row);
    lines.delete(key);
    return key;
  }

  function forgetPast(times: Map<string, number>, nowMs: number): void {
    for (const [key, until] of times) if (until <= nowMs) times.delete(key);
  }

  return {
    fill(rows, nowMs, evenEarly) {
      for (const key of lines.keys()) if (!busy.has(key)) lines.delete(key);
      forgetPast(waits, nowMs);
      forgetPast(pauses, nowMs);
      const underWay = new Set(busy.keys());
      for (const row of rows) {
        const key = keyOf(row);
        if (underWay.has(key) || lineOf.has(row.deliveryId)) continue;
        const line = lines.get(key) ?? [];
        line.push({ row, dueAtMs: evenEarly ? 0 : nowMs + row.dueInMs });
        lines.set(key, line);
        // what was just read knows better
        waits.delete(key);
      }
    },
    next(nowMs, skip = 0) {
      const all = movable(nowMs);
      const [key, line] = all[skip % Math.max(1, all.length)] ?? [];
      const head = line?.shift()?.row;
      if (head && key !== undefined) begin(key, head);
      return head;
    },
    take(rows) {
      for (const row of rows) {
        if (lineOf.has(row.deliveryId)) continue;
        const key = keyOf(row);
        const line = lines.get(key);
        if (line)
          lines.set(
            key,
            line.filter((waiting) => waiting.row.deliveryId !== row.deliveryId),
          );
        begin(key, row);
      }
    },
    done(row) {
      const key = end(row);
      if (lines.get(key)?.length === 0) lines.delete(key);
    },
    wait(row, untilMs) {
      const key = readAgain(row);
      if (untilMs !== null) waits.set(key, untilMs);
    },
    pause(row, untilMs) {
      pauses.set(readAgain(row), untilMs);
    },
    forgetWaits: () => waits.clear(),
    ready: (nowMs) => movable(nowMs).flatMap(([, line]) => line.map(({ row }) => row)),
    movable: (nowMs) => movable(nowMs).length,
    except(nowMs) {
      const waiting = [...waits, ...pauses].filter(([, until]) => until > nowMs).map(([key]) => key);
      const heads = [...lines].filter(([, [head]]) => head && head.dueAtMs > nowMs).map(([key]) => key);
      return { deliveries: [...lineOf.keys()], keys: [...busy.keys(), ...waiting, ...heads] };
    },
    nextAtMs(nowMs) {
      const heads = [...lines].flatMap(([key, [head]]) => (head && !busy.has(key) ? [head.dueAtMs] : []));
      const times = [...heads, ...waits.values(), ...pauses.values()].filter((at) => at > nowMs);
      return times.length === 0 ? null : Math.min(...times);
    },
    underWay: () => busy.size,
  };
}
