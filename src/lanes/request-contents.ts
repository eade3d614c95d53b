// Prepares the contents of a request: a delivery with its sequence number, or the members of a
// batch. Numbers and batch membership are committed before the request is made, so a retry sends
// the same.
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { assignBatch } from '#db/lanes/lane-held';
import { type HeldDelivery, readBatch } from '#db/lanes/lane-page';
import { numberBatch, numberDeliveries, type ToNumber } from '#db/lanes/lane-sequences';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';

export interface RequestContents {
  /** The row, with its sequence number if the endpoint is ordered. Empty: it is not held any more. */
  single(endpoint: LaneEndpoint, rows: HeldDelivery[]): Promise<HeldDelivery[]>;
  /**
   * The members of the batch. A retried batch: those that are still held. A new one: those of `rows` that may still be
   * sent.
   */
  batch(endpoint: LaneEndpoint, rows: HeldDelivery[], batchId: string): Promise<HeldDelivery[]>;
}

export function createRequestContents(db: Db, endpointId: string, epoch: number): RequestContents {
  const numbers = createGroupCommit<ToNumber, number | null>({
    write: (wanted) => numberDeliveries(db, endpointId, epoch, wanted),
    maxWeight: 100,
  });

  async function single({ ordering }: LaneEndpoint, rows: HeldDelivery[]): Promise<HeldDelivery[]> {
    const [row] = rows;
    const key = ordering === 'endpoint' ? '' : ordering === 'key' ? row?.laneKey : null;
    if (!row || key == null || row.sequence !== null) return rows;
    const sequence = await numbers.add({ deliveryId: row.deliveryId, key });
    return sequence === null ? [] : [{ ...row, sequence }];
  }

  async function batch(endpoint: LaneEndpoint, rows: HeldDelivery[], batchId: string): Promise<HeldDelivery[]> {
    if (rows[0]?.batchId != null) return numbered(endpoint, (await readBatch(db, endpointId, batchId)).sort(byPosition));
    const ids = rows.map(({ deliveryId }) => deliveryId);
    const assigned = new Set(await assignBatch(db, endpointId, epoch, batchId, ids));
    const members = rows.filter(({ deliveryId }) => assigned.has(deliveryId)).map((row) => ({ ...row, batchId }));
    return numbered(endpoint, members.sort(byPosition));
  }

  async function numbered({ ordering }: LaneEndpoint, members: HeldDelivery[]): Promise<HeldDelivery[]> {
    const unnumbered = members.filter(({ sequence }) => sequence === null).map(({ deliveryId }) => deliveryId);
    if (ordering !== 'endpoint' || unnumbered.length === 0) return members;
    const given = await numberBatch(db, endpointId, epoch, unnumbered);
    if (!given) return [];
    const numberOf = new Map(unnumbered.map((id, index) => [id, given[index] ?? null]));
    return members.map((row) => ({ ...row, sequence: row.sequence ?? numberOf.get(row.deliveryId) ?? null }));
  }

  return { single, batch };
}

/** The order of a batch is the same on every retry, in whichever order the rows were read. */
function byPosition(a: HeldDelivery, b: HeldDelivery): number {
  return (a.position ?? 0) - (b.position ?? 0) || (a.deliveryId < b.deliveryId ? -1 : 1);
}
