// The queues ("lines") of a lane, in memory. A line keeps its order, with one request in flight: an
// ordered endpoint, one ordering key, or one delivery without order. A line that must wait
// holds up no other line. Called by the drain, which refills them from PostgreSQL at each look.
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Ordering } from '#domain/lanes/lane-settings';

interface Waiting {
  row: HeldDelivery;
  dueAtMs: number;
}

/**
 * A line with rows may go when its head is due. `next` and `take` put it *in flight*, and no other row of it may go. It
 * stays so until `done`, `wait` or `pause` is called for each row that was taken. After `done` its next row may go.
 * After `wait` and `pause` its rows are dropped and it *waits*: it is read again when its time has come.
 */
export class LaneQueues {
  readonly #ordering: () => Ordering;
  readonly #lines = new Map<string, Waiting[]>();
  /** The deliveries in flight, by line; more than one for a batch. */
  readonly #inFlight = new Map<string, Set<string>>();
  /** The line of each delivery in flight. */
  readonly #lineOf = new Map<string, string>();
  readonly #waits = new Map<string, number>();
  readonly #pauses = new Map<string, number>();

  constructor(ordering: () => Ordering) {
    this.#ordering = ordering;
  }

  /**
   * Replaces all lines that have nothing in flight with these rows, which were just read in their order.
   * `evenEarly`: rows count as due, whatever their due time.
   */
  fill(rows: HeldDelivery[], nowMs: number, evenEarly: boolean): void {
    for (const key of this.#lines.keys()) if (!this.#inFlight.has(key)) this.#lines.delete(key);
    forgetPast(this.#waits, nowMs);
    forgetPast(this.#pauses, nowMs);
    for (const row of rows) {
      const key = this.#keyOf(row);
      if (this.#inFlight.has(key) || this.#lineOf.has(row.deliveryId)) continue;
      const line = this.#lines.get(key) ?? [];
      line.push({ row, dueAtMs: evenEarly ? 0 : nowMs + row.dueInMs });
      this.#lines.set(key, line);
      // the row just read is newer than the wait
      this.#waits.delete(key);
    }
  }

  /**
   * Takes the next delivery that may be sent, after skipping `skip` lines (cyclic). Its line is in flight until `done`,
   * `wait` or `pause` is called for the row.
   */
  next(nowMs: number, skip = 0): HeldDelivery | undefined {
    const all = this.#movable(nowMs);
    const [key, line] = all[skip % Math.max(1, all.length)] ?? [];
    const head = line?.shift()?.row;
    if (head && key !== undefined) this.#begin(key, head);
    return head;
  }

  /** Takes these rows out. Their lines are in flight. */
  take(rows: HeldDelivery[]): void {
    for (const row of rows) {
      if (this.#lineOf.has(row.deliveryId)) continue;
      const key = this.#keyOf(row);
      const others = this.#lines.get(key)?.filter((waiting) => waiting.row.deliveryId !== row.deliveryId);
      if (others) this.#lines.set(key, others);
      this.#begin(key, row);
    }
  }

  /** The row is finished: the next one of its line may go. */
  done(row: HeldDelivery): void {
    const key = this.#end(row);
    if (this.#lines.get(key)?.length === 0) this.#lines.delete(key);
  }

  /**
   * The row's line is read again: at `untilMs` (Unix milliseconds), or at once when null. A later read may shorten
   * this.
   */
  wait(row: HeldDelivery, untilMs: number | null): void {
    const key = this.#drop(row);
    if (untilMs !== null) this.#waits.set(key, untilMs);
  }

  /** The same after a failure inside Posthorn. A later read does not shorten this. */
  pause(row: HeldDelivery, untilMs: number): void {
    this.#pauses.set(this.#drop(row), untilMs);
  }

  /** Due times may have changed: forgets the waits, so that the lines are read again. */
  forgetWaits(): void {
    this.#waits.clear();
  }

  /** The rows of all lines whose head may be sent now, line by line. Takes none of them. */
  ready(nowMs: number): HeldDelivery[] {
    return this.#movable(nowMs).flatMap(([, line]) => line.map(({ row }) => row));
  }

  /** The number of lines whose head may be sent now. */
  movable(nowMs: number): number {
    return this.#movable(nowMs).length;
  }

  /** What a read must leave out: the deliveries in flight, and the ordering keys that are in flight or wait. */
  except(nowMs: number): { deliveries: string[]; keys: string[] } {
    const waiting = [...this.#waits, ...this.#pauses].filter(([, until]) => until > nowMs).map(([key]) => key);
    const heads = [...this.#lines].filter(([, [head]]) => head && head.dueAtMs > nowMs).map(([key]) => key);
    return { deliveries: [...this.#lineOf.keys()], keys: [...this.#inFlight.keys(), ...waiting, ...heads] };
  }

  /** When the first waiting line may go on (Unix milliseconds); null: none waits. */
  nextAtMs(nowMs: number): number | null {
    const heads = [...this.#lines].flatMap(([key, [head]]) => (head && !this.#inFlight.has(key) ? [head.dueAtMs] : []));
    const times = [...heads, ...this.#waits.values(), ...this.#pauses.values()].filter((at) => at > nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The number of lines in flight. */
  underWay(): number {
    return this.#inFlight.size;
  }

  #keyOf({ deliveryId, laneKey }: HeldDelivery): string {
    const ordering = this.#ordering();
    if (ordering === 'endpoint') return '';
    return ordering === 'key' && laneKey !== null ? laneKey : deliveryId;
  }

  #movable(nowMs: number): [string, Waiting[]][] {
    return [...this.#lines].filter(([key, line]) => this.#mayGo(key, line, nowMs));
  }

  #mayGo(key: string, [head]: Waiting[], nowMs: number): boolean {
    if (!head || this.#inFlight.has(key) || head.dueAtMs > nowMs) return false;
    return (this.#waits.get(key) ?? 0) <= nowMs && (this.#pauses.get(key) ?? 0) <= nowMs;
  }

  #begin(key: string, { deliveryId }: HeldDelivery): void {
    const members = this.#inFlight.get(key) ?? new Set();
    this.#inFlight.set(key, members.add(deliveryId));
    this.#lineOf.set(deliveryId, key);
  }

  /** Returns the row's line. */
  #end(row: HeldDelivery): string {
    const key = this.#lineOf.get(row.deliveryId) ?? this.#keyOf(row);
    this.#lineOf.delete(row.deliveryId);
    const members = this.#inFlight.get(key);
    members?.delete(row.deliveryId);
    if (members?.size === 0) this.#inFlight.delete(key);
    return key;
  }

  /** Drops the row's line, so that it is read again. */
  #drop(row: HeldDelivery): string {
    const key = this.#end(row);
    this.#lines.delete(key);
    return key;
  }
}

function forgetPast(times: Map<string, number>, nowMs: number): void {
  for (const [key, until] of times) if (until <= nowMs) times.delete(key);
}
