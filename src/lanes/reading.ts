// Reads what a drain needs at each look: the current endpoint, and the next rows of the lane.
// The read of the endpoint checks the epoch and so renews the lease. Writes only to coalesce
// deliveries and to clear the lane's `hurried` flag; both are safe to repeat.
import { hurriedDone, readHurried } from '#db/lanes/hurried';
import { type LaneEndpoint, readLaneEndpoint } from '#db/lanes/lane-endpoint';
import { coalesceHeld, isBlocked, lowestHeld, nextHeldInMs } from '#db/lanes/lane-held';
import { type HeldDelivery, readHeld } from '#db/lanes/lane-page';
import { readHeldTypes, readToProbe } from '#db/lanes/lane-probes';
import type { Db } from '#db/store/pool';
import { type Failures, probeOrder } from '#domain/circuit';
import { firstUuidAt } from '#domain/ids';
import { createLaneQueues, type LaneQueues } from './lane-queues.ts';

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

export interface Reading {
  queues: LaneQueues;
  /**
   * Null: another drain owns the lane. `room`: how many more requests may begin now. `unaware`: looks for retry-now
   * deliveries even when the lane's row does not say that there are any.
   */
  look(room: number, probing: Probing | null, unaware?: boolean): Promise<Look | null>;
}

export function createReading(db: Db, endpointId: string, epoch: number, lowestForMs: number): Reading {
  let last: LaneEndpoint | undefined;
  let lowest = { id: '', atMs: Number.NEGATIVE_INFINITY };
  const queues = createLaneQueues(() => last?.ordering ?? 'none');

  async function lowestId(): Promise<string> {
    if (performance.now() - lowest.atMs > lowestForMs) {
      const held = await lowestHeld(db, endpointId);
      const recent = `dlv_${firstUuidAt(Date.now() - recentMs)}`;
      lowest = { atMs: performance.now(), id: held !== null && held < recent ? held : recent };
    }
    return lowest.id;
  }

  async function readEndpoint(): Promise<LaneEndpoint | null> {
    const before = last?.ordering;
    const endpoint = await readLaneEndpoint(db, endpointId, epoch);
    if (endpoint) last = endpoint;
    if (endpoint && before !== undefined && before !== endpoint.ordering) queues.fill([], Date.now(), false);
    return endpoint;
  }

  /** Reads on while all rows read so far must wait: later rows may be free to go. */
  async function readRows(endpoint: LaneEndpoint, room: number, probing: Probing | null, blocks: boolean): Promise<void> {
    const { ordering, batch, coalesceMs } = endpoint;
    const limit = batch ? batch.maxEvents : ordering !== 'none' ? mostRows : Math.min(mostRows, Math.max(20, room * 4));
    // a request that ends during the read would let a later row go before its retry
    if (ordering === 'endpoint' && queues.underWay() > 0) return;
    const asOf = coalesceMs === null ? null : await coalesceHeld(db, endpointId, queues.except(Date.now()).deliveries, await lowestId());
    if (probing && !batch && ordering !== 'endpoint') return readProbes(probing, blocks);
    const evenEarly = probing !== null;
    const rows: HeldDelivery[] = [];
    for (let reads = 0; reads < mostReads; reads++) {
      const { deliveries: except, keys: exceptKeys } = queues.except(Date.now());
      const page = await readHeld(db, {
        endpointId,
        ordering,
        evenEarly,
        limit,
        except,
        exceptKeys,
        blocks,
        lowest: await lowestId(),
        asOf,
      });
      rows.push(...page);
      queues.fill(rows, Date.now(), evenEarly);
      if (page.length < limit || ordering !== 'key' || queues.movable(Date.now()) > 0) return;
    }
  }

  /** Reads rows for a probe: of the event type whose turn it is, or of the next type if none of those may go. */
  async function readProbes({ failures, refusedProbes }: Probing, blocks: boolean): Promise<void> {
    const lowest = await lowestId();
    const rows: HeldDelivery[] = [];
    queues.fill(rows, Date.now(), true);
    for (const eventType of probeOrder(await readHeldTypes(db, endpointId, lowest), failures, refusedProbes)) {
      const { deliveries: except, keys: exceptKeys } = queues.except(Date.now());
      rows.push(...(await readToProbe(db, { endpointId, eventType, limit: mostProbes, except, exceptKeys, blocks, lowest })));
      queues.fill(rows, Date.now(), true);
      if (queues.movable(Date.now()) > 0) return;
    }
  }

  /** Reads the retry-now deliveries; false: none of them may go. */
  async function readAsked({ ordering, lane }: LaneEndpoint, blocks: boolean): Promise<boolean> {
    if (ordering === 'endpoint' && queues.underWay() > 0) return false;
    const { deliveries: except, keys: exceptKeys } = queues.except(Date.now());
    const rows = await readHurried(db, { endpointId, ordering, except, exceptKeys, blocks });
    if (rows.length > 0) queues.fill(rows, Date.now(), true);
    else if (lane.hurried) await hurriedDone(db, endpointId, epoch);
    return rows.length > 0 && queues.movable(Date.now()) > 0;
  }

  /** A dead letter blocks: the whole of an endpoint with one order, or its key when ordered by key. */
  async function blocks({ ordering, onDeadLetter }: LaneEndpoint): Promise<boolean> {
    return ordering !== 'none' && onDeadLetter === 'block' && (await isBlocked(db, endpointId, ordering === 'key'));
  }

  return {
    queues,
    async look(room, probing, unaware = false) {
      const sentAtMs = performance.now();
      const endpoint = await readEndpoint();
      if (!endpoint) return null;
      const isBlocking = await blocks(endpoint);
      const blockedAll = isBlocking && endpoint.ordering === 'endpoint';
      const hurried = !blockedAll && (endpoint.lane.hurried || unaware) && (await readAsked(endpoint, isBlocking));
      if (blockedAll) queues.fill([], Date.now(), probing !== null);
      else if (!hurried) await readRows(endpoint, room, probing, isBlocking);
      const nowMs = Date.now();
      const ready = queues.ready(nowMs);
      const fillingMs = ready.length > 0 && !probing && !hurried ? fillsInMs(endpoint, ready) : 0;
      return {
        endpoint,
        sentAtMs,
        canMove: ready.length > 0 && fillingMs === 0,
        ready: ready.length,
        fillingMs: fillingMs > 0 ? fillingMs : null,
        hurried,
        blocked: blockedAll || (isBlocking && ready.length === 0),
        nextInMs: fillingMs > 0 ? fillingMs : ready.length > 0 ? 0 : await restInMs(endpoint, nowMs),
      };
    },
  };

  /**
   * Rows that are not due are never read without an order, or without a key when ordered by key: asks for their due
   * time.
   */
  async function restInMs({ ordering }: LaneEndpoint, nowMs: number): Promise<number | null> {
    if (queues.underWay() > 0) return 0;
    const waitsAtMs = queues.nextAtMs(nowMs);
    const waitsInMs = waitsAtMs === null ? null : waitsAtMs - nowMs;
    if (ordering === 'endpoint') return waitsInMs;
    const heldInMs = await nextHeldInMs(db, endpointId, ordering === 'key');
    // a due row that was not read is older than the cached lowest id
    if (heldInMs !== null && heldInMs <= 0) lowest.atMs = Number.NEGATIVE_INFINITY;
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
