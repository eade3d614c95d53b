// The queues ("lines") of a lane, in memory. A line keeps its order, with one request in flight: an
// ordered endpoint, one ordering key, or one delivery without order. A line that must wait
// holds up no other line. Called by the drain, which refills them from PostgreSQL at each look.
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Ordering } from '#domain/lane-settings';

export interface LaneQueues {
  /**
   * Replaces all lines that have nothing in flight with these rows, which were just read in their order.
   * `evenEarly`: rows count as due, whatever their due time.
   */
  fill(rows: HeldDelivery[], nowMs: number, evenEarly: boolean): void;
  /**
   * Takes the next delivery that may be sent, after skipping `skip` lines (cyclic). Its line is in flight until `done`,
   * `wait` or `pause` is called for the row.
   */
  next(nowMs: number, skip?: number): HeldDelivery | undefined;
  /** Takes these rows out. Their lines are in flight. */
  take(rows: HeldDelivery[]): void;
  /** The row is finished: the next one of its line may go. */
  done(row: HeldDelivery): void;
  /**
   * The row's line is read again: at `untilMs` (Unix milliseconds), or at once when null. A later read may shorten
   * this.
   */
  wait(row: HeldDelivery, untilMs: number | null): void;
  /** The same after a failure inside Posthorn. A later read does not shorten this. */
  pause(row: HeldDelivery, untilMs: number): void;
  /** Due times may have changed: forgets the waits, so that the lines are read again. */
  forgetWaits(): void;
  /** The rows of all lines whose head may be sent now, line by line. Takes none of them. */
  ready(nowMs: number): HeldDelivery[];
  /** The number of lines whose head may be sent now. */
  movable(nowMs: number): number;
  /** What a read must leave out: the deliveries in flight, and the ordering keys that are in flight or wait. */
  except(nowMs: number): { deliveries: string[]; keys: string[] };
  /** When the first waiting line may go on (Unix milliseconds); null: none waits. */
  nextAtMs(nowMs: number): number | null;
  underWay(): number;
}

interface Waiting {
  row: HeldDelivery;
  dueAtMs: number;
}

export function createLaneQueues(ordering: () => Ordering): LaneQueues {
  const lines = new Map<string, Waiting[]>();
  /** The deliveries in flight, by line; more than one for a batch. */
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

  /** Drops the row's line, so that it is read again. */
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
        // the row just read is newer than the wait
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
