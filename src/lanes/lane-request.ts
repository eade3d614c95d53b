// One request of a lane - a delivery, or a batch of them - from what is to be sent to what was recorded of it.

import { logAttempt, type Poster, type PostJob } from '#attempts/poster';
import type { Recorder } from '#attempts/recorder';
import { RenderError } from '#attempts/render-fault';
import type { StallWatch } from '#attempts/stall-watch';
import type { AttemptRecord } from '#db/deliveries/attempts';
import { countFault } from '#db/deliveries/deliveries';
import { type DeliveryRef, readDeliveryRef } from '#db/deliveries/delivery-refs';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { deadLetterTold, leaveBatch } from '#db/lanes/lane-held';
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/delivery';
import { type SendResult, signOf } from '#domain/outcome';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';

export const ourPauseMs = 1_000;

export interface LaneRequest {
  endpoint: LaneEndpoint;
  rows: HeldDelivery[];
  /** Of a batch: its `webhook-id`, the same on every retry. */
  batchId: string | null;
  /** For an endpoint that is only probed: what fails before its time spends no attempt. */
  probe: boolean;
  /** Another drain may be the owner now: no request begins any more. */
  isTooLate(): boolean;
}

export type LaneRequestResult =
  /** `statuses`: of those that were sent, by delivery; one that could not be is to be tried again as after a fault of ours. */
  | { kind: 'done'; result: SendResult; startedMs: number; statuses: Map<string, DeliveryStatus | null>; retryInMs: number | null }
  /** A fault of ours: nothing was sent or counted, and it is to be tried again in a while. */
  | { kind: 'ours'; waitMs: number };

/** Temporal, as far as a lane speaks to it. */
export interface DeliveryStarter {
  startDelivery(delivery: DeliveryRef, startedBy: string): Promise<void>;
  /** Its workflow, if it has one, reads its row. */
  look(delivery: DeliveryRef): Promise<void>;
}

export interface LaneRequestDeps {
  db: Db;
  poster: Poster;
  recorder: Recorder;
  watch: StallWatch;
  starter: DeliveryStarter;
  log: Logger;
}

/** Rejects only when the store is away and nothing was sent. */
export async function sendLaneRequest(deps: LaneRequestDeps, shipment: LaneRequest): Promise<LaneRequestResult> {
  const { poster, watch, log } = deps;
  const { endpoint, rows, probe } = shipment;
  const startedMs = Date.now();
  const mark = watch.mark();
  let attempt: AttemptRecord;
  try {
    attempt = await poster.post(postJob(shipment));
  } catch (error) {
    log.warn({ err: error, endpointId: endpoint.endpointId, deliveries: rows.length }, 'lane.not_posted');
    const others = error instanceof RenderError ? await withoutFaulty(deps, shipment, error) : [];
    return others.length > 0 ? sendLaneRequest(deps, { ...shipment, rows: others }) : { kind: 'ours', waitMs: ourPauseMs };
  }
  const { result } = attempt;
  // whoever stood still cannot say that the endpoint was late
  if (result.outcome === 'timeout' && watch.stalledSince(mark)) return { kind: 'ours', waitMs: ourPauseMs };
  // each delivery's own schedule paces what an outage costs it: a probe before its time spends nothing, unless it was an answer to this event
  const isEarly = ({ dueInMs }: HeldDelivery) => probe && dueInMs > 0 && signOf(result) !== 'answered';
  const records = rows.map((row, index) => ({ ...recordOf(attempt, shipment.batchId, row, index), probe: isEarly(row) }));
  const statuses = await Promise.all(records.map((record) => deps.recorder.record(record)));
  await poster.obeyEndpoint(endpoint, result);
  for (const [index, record] of records.entries()) {
    const status = statuses[index] ?? null;
    logAttempt(log, endpoint, record, status);
    if (status === 'dead_lettered') void openDeadLetter(deps, record.deliveryId);
  }
  const statusOf = new Map(rows.map(({ deliveryId }, index) => [deliveryId, statuses[index] ?? null]));
  return { kind: 'done', result, startedMs, statuses: statusOf, retryInMs: attempt.retryInMs };
}

function postJob({ endpoint, rows, batchId, isTooLate }: LaneRequest): PostJob {
  const [first] = rows;
  if (!first) throw new Error('a shipment of nothing');
  const { endpointId, tenantId, sealed, format, signing, timeoutMs, retry, secrets } = endpoint;
  const { deliveryId, eventId, round, attempts, webhookId, body, sequence } = first;
  const common = { endpointId, tenantId, sealed, format, signing, timeoutMs, retry, secrets, deliveryId, round, attempts, isTooLate };
  if (batchId === null) return { ...common, eventId, webhookId, body, sequence };
  const batch = rows.map((row) => ({ eventId: row.eventId, id: row.webhookId, sequence: row.sequence, body: row.body }));
  return { ...common, eventId, webhookId: batchId, body, batch };
}

/**
 * Counts the fault where it lies, and returns what goes without it: of a batch the others, in an order those before it. The rest leaves the batch first: under
 * its id the receiver would take it for what he already has.
 */
async function withoutFaulty(
  { db }: LaneRequestDeps,
  { endpoint, rows, batchId }: LaneRequest,
  fault: RenderError,
): Promise<HeldDelivery[]> {
  const isFaulty = ({ eventId }: HeldDelivery) => fault.eventIds.length === 0 || fault.eventIds.includes(eventId);
  const others = endpoint.ordering === 'none' ? rows.filter((row) => !isFaulty(row)) : rows.slice(0, rows.findIndex(isFaulty));
  for (const { deliveryId } of rows.filter(isFaulty)) await countFault(db, deliveryId, fault.message);
  if (batchId === null || others.length === 0) return others;
  const goes = new Set(others);
  await leaveBatch(
    db,
    rows.filter((row) => !goes.has(row)).map(({ deliveryId }) => deliveryId),
  );
  return others;
}

/** The batch's success or failure is that of each of its deliveries; what the endpoint said to all is kept once, with the first. */
function recordOf(attempt: AttemptRecord, batchId: string | null, row: HeldDelivery, index: number): AttemptRecord {
  const { deliveryId, round, attempts } = row;
  const record = { ...attempt, deliveryId, round, number: attempts + 1, batchId };
  return index === 0 ? record : { ...record, attemptId: newId('att'), result: withoutAnswer(attempt.result) };
}

function withoutAnswer(result: SendResult): SendResult {
  const { response } = result;
  return response === null
    ? result
    : { ...result, response: { ...response, headers: [], bodyStart: Buffer.alloc(0), bodyTruncated: false } };
}

/** Its workflow waits for orders, as those of all dead letters do. What if this fails? The row says that it was not told, and the sweep tells it. */
async function openDeadLetter({ db, starter, log }: LaneRequestDeps, deliveryId: string): Promise<void> {
  try {
    const delivery = await readDeliveryRef(db, deliveryId);
    if (delivery?.status !== 'dead_lettered') return;
    await starter.startDelivery(delivery, 'its lane');
    await deadLetterTold(db, deliveryId);
  } catch (error) {
    log.warn({ err: error, deliveryId }, 'lane.dead_letter_not_opened');
  }
}
