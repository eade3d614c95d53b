// What a drain sees each time it looks: its endpoint as it is now, which is also its lease, and who is next in its lines.
import { hurriedDone, readHurried } from '#db/lanes/hurried';
import { type LaneEndpoint, readLaneEndpoint } from '#db/lanes/lane-endpoint';
import { coalesceHeld, isBlocked, lowestHeld, nextHeldInMs } from '#db/lanes/lane-held';
import { type HeldDelivery, readHeld } from '#db/lanes/lane-page';
import { readHeldTypes, readToProbe } from '#db/lanes/lane-probes';
import type { Db } from '#db/store/pool';
import { type Failures, probeOrder } from '#domain/circuit';
import { firstUuidAt } from '#domain/ids';
import { createLaneQueues, type LaneQueues } from './lane-queues.ts';

/** A replay of something older than all that was held is found so much later. */
const lowestForMs = 2_000;
/** What is parked is no older than that, but for replays and what has slept. */
const recentMs = 3_600_000;
const mostRows = 100;
const mostReads = 20;
const mostProbes = 20;

/** What a lane with an open circuit goes by. */
export interface Probing {
  failures: Pick<Failures, 'types'>;
  refusedProbes: number;
}

export interface Look {
  endpoint: LaneEndpoint;
  /** By the monotonic clock, when this was asked for: nobody else was the owner then. */
  sentAtMs: number;
  canMove: boolean;
  /** How many may be sent now. */
  ready: number;
  /** A batch is being filled, and is complete in so many milliseconds at the latest. */
  fillingMs: number | null;
  blocked: boolean;
  /** What may be sent now was asked for by somebody, and nothing else is sent before it. */
  hurried: boolean;
  nextInMs: number | null;
}

export interface Reading {
  queues: LaneQueues;
  /**
   * Null: another drain owns the lane. `room`: how many more may be begun now. `unaware`: what somebody asked for now is looked for though the lane's row does not
   * say that there is any.
   */
  look(room: number, probing: Probing | null, unaware?: boolean): Promise<Look | null>;
}

export function createReading(db: Db, endpointId: string, epoch: number): Reading {
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

  /** Again while all that was read waits: behind it may be what need not. */
  async function readRows(endpoint: LaneEndpoint, room: number, probing: Probing | null, blocks: boolean): Promise<void> {
    const { ordering, batch, coalesceMs } = endpoint;
    const limit = batch ? batch.maxEvents : ordering !== 'none' ? mostRows : Math.min(mostRows, Math.max(20, room * 4));
    // what ends while this reads would no longer stand in the way of what is behind it
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

  /** What may be probed with: of the event type whose turn it is, or the next one if nothing of it may go. */
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

  /** What somebody asked for now; false: nothing of it may go. */
  async function readAsked({ ordering, lane }: LaneEndpoint, blocks: boolean): Promise<boolean> {
    if (ordering === 'endpoint' && queues.underWay() > 0) return false;
    const { deliveries: except, keys: exceptKeys } = queues.except(Date.now());
    const rows = await readHurried(db, { endpointId, ordering, except, exceptKeys, blocks });
    if (rows.length > 0) queues.fill(rows, Date.now(), true);
    else if (lane.hurried) await hurriedDone(db, endpointId, epoch);
    return rows.length > 0 && queues.movable(Date.now()) > 0;
  }

  /** Nothing of an endpoint in one order may go; of one by key, the other keys may. */
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

  /** Of an endpoint without order the rows that are not due are not read, nor are those without a key of one ordered by key. */
  async function restInMs({ ordering }: LaneEndpoint, nowMs: number): Promise<number | null> {
    if (queues.underWay() > 0) return 0;
    const waitsAtMs = queues.nextAtMs(nowMs);
    const waitsInMs = waitsAtMs === null ? null : waitsAtMs - nowMs;
    if (ordering === 'endpoint') return waitsInMs;
    const heldInMs = await nextHeldInMs(db, endpointId, ordering === 'key');
    // older than all that was held before
    if (heldInMs !== null && heldInMs <= 0) lowest.atMs = Number.NEGATIVE_INFINITY;
    const times = [waitsInMs, heldInMs === null ? null : Math.max(heldInMs, 1)].filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times);
  }
}

/** How long the batch that these begin waits for more; 0: it may go, or they are no batch. One that was sent before waits for nobody. */
function fillsInMs({ batch }: LaneEndpoint, ready: HeldDelivery[]): number {
  const [first] = ready;
  if (!batch || !first || first.batchId !== null || ready.length >= batch.maxEvents) return 0;
  return Math.max(0, batch.maxWaitMs + first.dueInMs);
}
