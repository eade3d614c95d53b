// Begins what a drain may send now - as many at once as the endpoint stands for, as many places as there are, as the pace allows - and draws the conclusions
// when it has ended.

import type { PlaceLimits, Places } from '../attempts/places.ts';
import { createGroupCommit } from '../db/group-commit.ts';
import { assignBatch } from '../db/lane-held.ts';
import { type HeldDelivery, type LaneEndpoint, readBatch } from '../db/lane-page.ts';
import { numberBatch, numberDeliveries, type ToNumber } from '../db/lane-sequences.ts';
import { newId } from '../new-id.ts';
import type { Lines } from './lines.ts';
import type { Pace } from './pace.ts';
import { type ShipDeps, type Shipped, ship } from './shipment.ts';
import type { Standing } from './standing.ts';

const noPlaceMs = 50;

export interface Sending {
  /** How many more may be begun. */
  room(endpoint: LaneEndpoint | undefined): number;
  /** Begins some; how long to wait before more may be begun, null: until one has ended or more is known. */
  begin(endpoint: LaneEndpoint, probe: boolean): Promise<{ begun: number; waitMs: number | null }>;
  /** Resolves when one of those under way has ended. */
  oneEnded(): Promise<void>;
  allEnded(): Promise<void>;
  sent(): number;
}

export interface SendingDeps extends ShipDeps {
  endpointId: string;
  epoch: number;
  places: Places;
  limits: PlaceLimits;
  lines: Lines;
  pace: Pace;
  standing: Standing;
  /** The lease is over. */
  isTooLate(): boolean;
  /** In hand elsewhere in this process: a first attempt whose relay lost it. */
  isInHand(deliveryId: string): boolean;
  onShipped(endpoint: LaneEndpoint, shipped: Shipped, probe: boolean): Promise<void>;
}

export function createSending(deps: SendingDeps): Sending {
  const { db, endpointId, epoch, places, limits, lines, pace, standing } = deps;
  const underWay = new Set<Promise<void>>();
  const numbers = createGroupCommit<ToNumber, number | null>({
    write: (wanted) => numberDeliveries(db, endpointId, epoch, wanted),
    maxWeight: 100,
  });
  let sent = 0;
  const most = ({ maxInFlight }: LaneEndpoint) => Math.min(limits.endpoint, maxInFlight ?? limits.endpoint);
  const room = (endpoint: LaneEndpoint | undefined) => (endpoint ? standing.allowed(most(endpoint)) : 1) - underWay.size;

  function placesFor(endpoint: LaneEndpoint, wanted: number): (() => void)[] {
    const taken: (() => void)[] = [];
    while (taken.length < wanted) {
      const place = places.take(endpoint.tenantId, endpointId, endpoint.maxInFlight);
      if (typeof place !== 'function') break;
      taken.push(place);
    }
    return taken;
  }

  /** What goes in one request: one delivery, or as many as a batch holds. Empty: nothing may go now. */
  function nextRows(endpoint: LaneEndpoint): HeldDelivery[] {
    const nowMs = Date.now();
    if (!endpoint.batch) return [lines.next(nowMs)].filter((row) => row !== undefined);
    const ready = lines.ready(nowMs);
    const alike = ready.filter(({ batchId }) => batchId === ready[0]?.batchId).slice(0, endpoint.batch.maxEvents);
    lines.take(alike);
    return alike;
  }

  function track(rows: HeldDelivery[], leave: () => void, sending: Promise<void>): void {
    const tracked = sending
      .catch((error) => {
        deps.log.warn({ err: error, endpointId }, 'lane.not_sent');
        for (const row of rows) lines.wait(row, Date.now() + 1_000);
      })
      .finally(() => {
        leave();
        underWay.delete(tracked);
      });
    underWay.add(tracked);
  }

  async function send(endpoint: LaneEndpoint, rows: HeldDelivery[], probe: boolean): Promise<void> {
    if (rows.some(({ deliveryId }) => deps.isInHand(deliveryId))) {
      for (const row of rows) lines.wait(row, Date.now() + noPlaceMs);
      return;
    }
    const shipment = endpoint.batch ? await batchOf(endpoint, rows) : await singleOf(endpoint, rows);
    const left = new Set(shipment.rows.map(({ deliveryId }) => deliveryId));
    for (const row of rows) if (!left.has(row.deliveryId)) lines.done(row);
    if (shipment.rows.length === 0) return;
    sent++;
    const shipped = await ship(deps, { ...shipment, endpoint, probe, isTooLate: deps.isTooLate });
    if (shipped.kind === 'done') standing.saw(shipped.result, shipped.startedMs, most(endpoint));
    settle(endpoint, shipment.rows, shipped, probe);
    await deps.onShipped(endpoint, shipped, probe);
  }

  function settle(endpoint: LaneEndpoint, rows: HeldDelivery[], shipped: Shipped, probe: boolean): void {
    for (const [index, row] of rows.entries()) {
      if (shipped.kind === 'ours') lines.wait(row, Date.now() + shipped.waitMs);
      else if (endpoint.ordering === 'none' || shipped.statuses[index] === 'succeeded') lines.done(row);
      // one that is spent may block those behind it: its line is read again
      else lines.wait(row, probe || shipped.retryInMs === null ? null : Date.now() + shipped.retryInMs);
    }
  }

  /** The row with its number, if it is of an order; without it when it is not held any more. */
  async function singleOf({ ordering }: LaneEndpoint, rows: HeldDelivery[]): Promise<{ rows: HeldDelivery[]; batchId: null }> {
    const [row] = rows;
    const key = ordering === 'endpoint' ? '' : ordering === 'key' ? row?.laneKey : null;
    if (!row || key == null || row.sequence !== null) return { rows, batchId: null };
    const sequence = await numbers.add({ deliveryId: row.deliveryId, key });
    return { rows: sequence === null ? [] : [{ ...row, sequence }], batchId: null };
  }

  /** A batch that was sent before is all of what is left of it; a new one what may still be sent. */
  async function batchOf({ ordering }: LaneEndpoint, rows: HeldDelivery[]): Promise<{ rows: HeldDelivery[]; batchId: string }> {
    const known = rows[0]?.batchId;
    if (known != null) {
      const members = await readBatch(db, endpointId, known);
      lines.take(members);
      return { rows: members.sort(byPosition), batchId: known };
    }
    const batchId = newId('bat');
    const ids = rows.map(({ deliveryId }) => deliveryId);
    const assigned = new Set(await assignBatch(db, endpointId, epoch, batchId, ids));
    const members = rows.filter(({ deliveryId }) => assigned.has(deliveryId)).map((row) => ({ ...row, batchId }));
    members.sort(byPosition);
    const unnumbered = members.filter(({ sequence }) => sequence === null).map(({ deliveryId }) => deliveryId);
    if (ordering !== 'endpoint' || unnumbered.length === 0) return { rows: members, batchId };
    const given = await numberBatch(db, endpointId, epoch, unnumbered);
    const numberOf = new Map(unnumbered.map((id, index) => [id, given?.[index] ?? null]));
    return {
      rows: given ? members.map((row) => ({ ...row, sequence: row.sequence ?? numberOf.get(row.deliveryId) ?? null })) : [],
      batchId,
    };
  }

  return {
    room,
    async begin(endpoint, probe) {
      const wanted = Math.min(room(endpoint), probe || endpoint.batch ? 1 : lines.movable(Date.now()));
      if (wanted <= 0) return { begun: 0, waitMs: null };
      const taken = placesFor(endpoint, wanted);
      if (taken.length === 0) return { begun: 0, waitMs: noPlaceMs };
      const { granted, waitMs } = await pace.take(endpoint, taken.length);
      let begun = 0;
      for (const leave of taken) {
        const rows = begun < granted ? nextRows(endpoint) : [];
        if (rows.length === 0) {
          leave();
          continue;
        }
        begun++;
        track(rows, leave, send(endpoint, rows, probe));
      }
      return { begun, waitMs: granted < taken.length ? waitMs : null };
    },
    oneEnded: () => Promise.race(underWay),
    async allEnded() {
      await Promise.allSettled(underWay);
    },
    sent: () => sent,
  };
}

/** The same on every retry, however they were read. */
function byPosition(a: HeldDelivery, b: HeldDelivery): number {
  return (a.position ?? 0) - (b.position ?? 0) || (a.deliveryId < b.deliveryId ? -1 : 1);
}
