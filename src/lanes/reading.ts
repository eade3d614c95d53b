// Reads what a drain needs at each look: the current endpoint, and the next rows of the lane.
// The read of the endpoint checks the epoch and so renews the lease. Writes only to coalesce
// deliveries and to clear the lane's `hurried` flag; both are safe to repeat.
import { hurriedDone, readHurried } from '#db/lanes/hurried';
import { type LaneEndpoint, readLaneEndpoint } from '#db/lanes/lane-endpoint';
import { coalesceHeld, isBlocked, lowestHeld, nextHeldInMs } from '#db/lanes/lane-held';
import { type HeldDelivery, readHeld } from '#db/lanes/lane-page';
import { readHeldTypes, readToProbe } from '#db/lanes/lane-probes';
import type { Db } from '#db/store/pool';
import { firstUuidAt } from '#domain/ids';
import { type Failures, probeOrder } from '#domain/lanes/circuit';
import { LaneQueues } from './lane-queues.ts';

/** Parked deliveries are younger than this, except replays and those that were in backoff. */
const recentMs = 3_600_000;
const mostRows = 100;
const mostReads = 20;
const mostProbes = 20;

/** The data that probes are chosen by, while the circuit is open. */
export interface Probing {
  failures: Pick<Failures, 'types'>;
  refusedProbes: number;
}

export interface Look {
  endpoint: LaneEndpoint;
  /** When the look was sent, by the monotonic clock. No other drain owned the lane then. */
  sentAtMs: number;
  canMove: boolean;
  /** How many deliveries may be sent now. */
  ready: number;
  /** A batch is filling and is complete in so many milliseconds at the latest; null: none is. */
  fillingMs: number | null;
  blocked: boolean;
  /** The deliveries that may be sent now are those of a retry now. They go before all others. */
  hurried: boolean;
  nextInMs: number | null;
}

/**
 * Reads only what may go: it leaves out the rows in flight and the lines that wait. What the queues hold afterwards is
 * as new as the look.
 */
export class Reading {
  readonly queues: LaneQueues;
  readonly #db: Db;
  readonly #endpointId: string;
  readonly #epoch: number;
  readonly #lowestForMs: number;
  #last: LaneEndpoint | undefined;
  #lowest = { id: '', atMs: Number.NEGATIVE_INFINITY };

  /** `lowestForMs`: how long the lowest held id is cached. */
  constructor(db: Db, endpointId: string, epoch: number, lowestForMs: number) {
    this.#db = db;
    this.#endpointId = endpointId;
    this.#epoch = epoch;
    this.#lowestForMs = lowestForMs;
    this.queues = new LaneQueues(() => this.#last?.ordering ?? 'none');
  }

  /**
   * Null: another drain owns the lane. `room`: how many more requests may begin now. `unaware`: looks for retry-now
   * deliveries even when the lane's row does not say that there are any.
   */
  async look(room: number, probing: Probing | null, unaware = false): Promise<Look | null> {
    const sentAtMs = performance.now();
    const endpoint = await this.#readEndpoint();
    if (!endpoint) return null;
    const isBlocking = await this.#blocks(endpoint);
    const blockedAll = isBlocking && endpoint.ordering === 'endpoint';
    const hurried = !blockedAll && (endpoint.lane.hurried || unaware) && (await this.#readAsked(endpoint, isBlocking));
    if (blockedAll) this.queues.fill([], Date.now(), probing !== null);
    else if (!hurried) await this.#readRows(endpoint, room, probing, isBlocking);
    const nowMs = Date.now();
    const ready = this.queues.ready(nowMs);
    const fillingMs = ready.length > 0 && !probing && !hurried ? fillsInMs(endpoint, ready) : 0;
    return {
      endpoint,
      sentAtMs,
      canMove: ready.length > 0 && fillingMs === 0,
      ready: ready.length,
      fillingMs: fillingMs > 0 ? fillingMs : null,
      hurried,
      blocked: blockedAll || (isBlocking && ready.length === 0),
      nextInMs: fillingMs > 0 ? fillingMs : ready.length > 0 ? 0 : await this.#restInMs(endpoint, nowMs),
    };
  }

  async #lowestId(): Promise<string> {
    if (performance.now() - this.#lowest.atMs > this.#lowestForMs) {
      const held = await lowestHeld(this.#db, this.#endpointId);
      const recent = `dlv_${firstUuidAt(Date.now() - recentMs)}`;
      this.#lowest = { atMs: performance.now(), id: held !== null && held < recent ? held : recent };
    }
    return this.#lowest.id;
  }

  async #readEndpoint(): Promise<LaneEndpoint | null> {
    const before = this.#last?.ordering;
    const endpoint = await readLaneEndpoint(this.#db, this.#endpointId, this.#epoch);
    if (endpoint) this.#last = endpoint;
    if (endpoint && before !== undefined && before !== endpoint.ordering) this.queues.fill([], Date.now(), false);
    return endpoint;
  }

  /** Reads on while all rows read so far must wait: later rows may be free to go. */
  async #readRows(endpoint: LaneEndpoint, room: number, probing: Probing | null, blocks: boolean): Promise<void> {
    const { ordering, batch, coalesceMs } = endpoint;
    const limit = batch ? batch.maxEvents : ordering !== 'none' ? mostRows : Math.min(mostRows, Math.max(20, room * 4));
    // a request that ends during the read would let a later row go before its retry
    if (ordering === 'endpoint' && this.queues.underWay() > 0) return;
    const asOf = coalesceMs === null ? null : await this.#coalesce();
    if (probing && !batch && ordering !== 'endpoint') return this.#readProbes(probing, blocks);
    const evenEarly = probing !== null;
    const rows: HeldDelivery[] = [];
    for (let reads = 0; reads < mostReads; reads++) {
      const lowest = await this.#lowestId();
      const query = { endpointId: this.#endpointId, ordering, evenEarly, limit, blocks, lowest, asOf };
      const page = await readHeld(this.#db, { ...query, ...this.#except() });
      rows.push(...page);
      this.queues.fill(rows, Date.now(), evenEarly);
      if (page.length < limit || ordering !== 'key' || this.queues.movable(Date.now()) > 0) return;
    }
  }

  async #coalesce(): ReturnType<typeof coalesceHeld> {
    const { except } = this.#except();
    return coalesceHeld(this.#db, this.#endpointId, except, await this.#lowestId());
  }

  /** What a read leaves out. */
  #except(): { except: string[]; exceptKeys: string[] } {
    const { deliveries, keys } = this.queues.except(Date.now());
    return { except: deliveries, exceptKeys: keys };
  }

  /** Reads rows for a probe: of the event type whose turn it is, or of the next type if none of those may go. */
  async #readProbes({ failures, refusedProbes }: Probing, blocks: boolean): Promise<void> {
    const lowest = await this.#lowestId();
    const rows: HeldDelivery[] = [];
    this.queues.fill(rows, Date.now(), true);
    for (const eventType of probeOrder(await readHeldTypes(this.#db, this.#endpointId, lowest), failures, refusedProbes)) {
      const query = { endpointId: this.#endpointId, eventType, limit: mostProbes, blocks, lowest };
      rows.push(...(await readToProbe(this.#db, { ...query, ...this.#except() })));
      this.queues.fill(rows, Date.now(), true);
      if (this.queues.movable(Date.now()) > 0) return;
    }
  }

  /** Reads the retry-now deliveries; false: none of them may go. */
  async #readAsked({ ordering, lane }: LaneEndpoint, blocks: boolean): Promise<boolean> {
    if (ordering === 'endpoint' && this.queues.underWay() > 0) return false;
    const rows = await readHurried(this.#db, { endpointId: this.#endpointId, ordering, blocks, ...this.#except() });
    if (rows.length > 0) this.queues.fill(rows, Date.now(), true);
    else if (lane.hurried) await hurriedDone(this.#db, this.#endpointId, this.#epoch);
    return rows.length > 0 && this.queues.movable(Date.now()) > 0;
  }

  /** A dead letter blocks: the whole of an endpoint with one order, or its key when ordered by key. */
  async #blocks({ ordering, onDeadLetter }: LaneEndpoint): Promise<boolean> {
    return ordering !== 'none' && onDeadLetter === 'block' && (await isBlocked(this.#db, this.#endpointId, ordering === 'key'));
  }

  /**
   * Rows that are not due are never read without an order, or without a key when ordered by key: asks for their due
   * time.
   */
  async #restInMs({ ordering }: LaneEndpoint, nowMs: number): Promise<number | null> {
    if (this.queues.underWay() > 0) return 0;
    const waitsAtMs = this.queues.nextAtMs(nowMs);
    const waitsInMs = waitsAtMs === null ? null : waitsAtMs - nowMs;
    if (ordering === 'endpoint') return waitsInMs;
    const heldInMs = await nextHeldInMs(this.#db, this.#endpointId, ordering === 'key');
    // a due row that was not read is older than the cached lowest id
    if (heldInMs !== null && heldInMs <= 0) this.#lowest.atMs = Number.NEGATIVE_INFINITY;
    const times = [waitsInMs, heldInMs === null ? null : Math.max(heldInMs, 1)].filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times);
  }
}

/**
 * How long a batch that starts with these rows waits for more; 0: it may go, or is no batch. A retried batch does not
 * wait.
 */
function fillsInMs({ batch }: LaneEndpoint, ready: HeldDelivery[]): number {
  const [first] = ready;
  if (!batch || !first || first.batchId !== null || ready.length >= batch.maxEvents) return 0;
  return Math.max(0, batch.maxWaitMs + first.dueInMs);
}
