// What a drain sees each time it looks: its endpoint as it is now, which is also its lease, and who is next in its lines.
import { coalesceHeld, lowestHeld, nextHeldInMs, readBlockers } from '../db/lane-held.ts';
import { type HeldDelivery, type LaneEndpoint, readHeld, readLaneEndpoint } from '../db/lane-page.ts';
import type { Db } from '../db/pool.ts';
import { firstUuidAt } from '../domain/ids.ts';
import { createLines, type Lines } from './lines.ts';

/** A replay of something older than all that was held is found so much later. */
const lowestForMs = 2_000;
/** What is parked is no older than that, but for replays and what has slept. */
const recentMs = 3_600_000;
const mostRows = 100;

export interface Look {
  endpoint: LaneEndpoint;
  /** By the monotonic clock, when this was asked for: nobody else was the owner then. */
  sentAtMs: number;
  canMove: boolean;
  /** A batch is being filled, and is complete in so many milliseconds at the latest. */
  fillingMs: number | null;
  blocked: boolean;
  nextInMs: number | null;
}

export interface Reading {
  lines: Lines;
  /** Null: another drain owns the lane. `room`: how many more may be begun now. */
  look(room: number, probing: boolean): Promise<Look | null>;
}

export function createReading(db: Db, endpointId: string, epoch: number): Reading {
  let last: LaneEndpoint | undefined;
  let lowest = { id: '', atMs: Number.NEGATIVE_INFINITY };
  const lines = createLines(() => last?.ordering ?? 'none');

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
    if (endpoint && before !== undefined && before !== endpoint.ordering) lines.fill([], Date.now(), false);
    return endpoint;
  }

  async function readRows(endpoint: LaneEndpoint, room: number, probing: boolean, blockedKeys: string[]): Promise<HeldDelivery[]> {
    if (endpoint.coalesceMs !== null) await coalesceHeld(db, endpointId);
    const { deliveries, keys } = lines.except(Date.now());
    const ordered = endpoint.ordering !== 'none';
    const limit = endpoint.batch ? endpoint.batch.maxEvents : ordered ? mostRows : Math.min(mostRows, Math.max(20, room * 4));
    const exceptKeys = [...keys, ...blockedKeys];
    return readHeld(db, { endpointId, ordered, evenEarly: probing, limit, except: deliveries, exceptKeys, lowest: await lowestId() });
  }

  return {
    lines,
    async look(room, probing) {
      const sentAtMs = performance.now();
      const endpoint = await readEndpoint();
      if (!endpoint) return null;
      const nowMs = Date.now();
      const ordered = endpoint.ordering !== 'none';
      const blockers = ordered && endpoint.onDeadLetter === 'block' ? await readBlockers(db, endpointId) : [];
      const stopped = endpoint.ordering === 'endpoint' && blockers.length > 0;
      const rows = stopped
        ? []
        : await readRows(
            endpoint,
            room,
            probing,
            blockers.flatMap(({ laneKey }) => laneKey ?? []),
          );
      lines.fill(rows, nowMs, probing);
      const ready = lines.ready(nowMs);
      const fillingMs = probing ? 0 : fillsInMs(endpoint, ready);
      const nextInMs = lines.nextAtMs(nowMs);
      return {
        endpoint,
        sentAtMs,
        canMove: ready.length > 0 && fillingMs === 0,
        fillingMs: ready.length > 0 && fillingMs > 0 ? fillingMs : null,
        blocked: blockers.length > 0 && ready.length === 0 && nextInMs === null,
        nextInMs: ready.length > 0 && fillingMs > 0 ? fillingMs : ordered ? nextInMs && nextInMs - nowMs : await restInMs(nextInMs, nowMs),
      };
    },
  };

  /** Of an endpoint without order the rows that are not due are not read. */
  async function restInMs(waitsAtMs: number | null, nowMs: number): Promise<number | null> {
    if (lines.underWay() > 0 || lines.ready(nowMs).length > 0) return 0;
    const held = await nextHeldInMs(db, endpointId);
    const waits = waitsAtMs === null ? null : waitsAtMs - nowMs;
    if (held === null) return null;
    return Math.max(held, waits ?? 0, 0);
  }
}

/** How long the batch that these begin waits for more; 0: it may go, or they are no batch. One that was sent before waits for nobody. */
function fillsInMs({ batch }: LaneEndpoint, ready: HeldDelivery[]): number {
  const [first] = ready;
  if (!batch || !first || first.batchId !== null || ready.length >= batch.maxEvents) return 0;
  return Math.max(0, batch.maxWaitMs + first.dueInMs);
}
