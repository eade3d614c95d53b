// Sends one request of a lane (a delivery or a batch) and records an attempt for each delivery.
// Called by the drain. If the process dies before the record, the next drain sends the same request
// again, under the same id.
import { logAttempt, type Poster, type PostJob } from '#attempts/poster';
import type { Recorder } from '#attempts/recorder';
import { RenderError } from '#attempts/render-error';
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
  /** The `webhook-id` of a batch, the same on every retry; null: a single delivery. */
  batchId: string | null;
  /** The request is a probe. If it fails before the delivery is due, it uses up no attempt. */
  probe: boolean;
  /** True: the lease may have expired, and no request may begin. */
  isTooLate(): boolean;
}

export type LaneRequestResult =
  /**
   * `statuses`: the new status of each delivery that was sent. A delivery without one was not sent; it is tried again
   * as after a failure inside Posthorn.
   */
  | { kind: 'done'; result: SendResult; startedMs: number; statuses: Map<string, DeliveryStatus | null>; retryInMs: number | null }
  /** A failure inside Posthorn: nothing was sent and no attempt counted. Try again after `waitMs`. */
  | { kind: 'ours'; waitMs: number };

/** The calls of a lane to Temporal. */
export interface DeliveryStarter {
  startDelivery(delivery: DeliveryRef, startedBy: string): Promise<void>;
  /** Signals the delivery's workflow, if there is one, to read its row. */
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

/** Rejects only when PostgreSQL is away and nothing was sent. */
export async function sendLaneRequest(deps: LaneRequestDeps, request: LaneRequest): Promise<LaneRequestResult> {
  const { poster, watch, log } = deps;
  const { endpoint, rows, probe } = request;
  const startedMs = Date.now();
  const mark = watch.mark();
  let attempt: AttemptRecord;
  try {
    attempt = await poster.post(postJob(request));
  } catch (error) {
    log.warn({ err: error, endpointId: endpoint.endpointId, deliveries: rows.length }, 'lane.not_posted');
    const others = error instanceof RenderError ? await withoutFaulty(deps, request, error) : [];
    return others.length > 0 ? sendLaneRequest(deps, { ...request, rows: others }) : { kind: 'ours', waitMs: ourPauseMs };
  }
  const { result } = attempt;
  // a process that was suspended cannot tell whether the endpoint was late
  if (result.outcome === 'timeout' && watch.stalledSince(mark)) return { kind: 'ours', waitMs: ourPauseMs };
  // An outage uses up attempts only as fast as the delivery's own schedule. So a probe before the due time uses up
  // none, unless the endpoint answered this event (a 4xx, say).
  const isEarly = ({ dueInMs }: HeldDelivery) => probe && dueInMs > 0 && signOf(result) !== 'answered';
  const records = rows.map((row, index) => ({ ...recordOf(attempt, request.batchId, row, index), probe: isEarly(row) }));
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
  if (!first) throw new Error('a lane request needs at least one delivery');
  const { endpointId, tenantId, sealed, format, signing, timeoutMs, retry, secrets } = endpoint;
  const { deliveryId, eventId, round, attempts, webhookId, body, sequence } = first;
  const common = { endpointId, tenantId, sealed, format, signing, timeoutMs, retry, secrets, deliveryId, round, attempts, isTooLate };
  if (batchId === null) return { ...common, eventId, webhookId, body, sequence };
  const batch = rows.map((row) => ({ eventId: row.eventId, id: row.webhookId, sequence: row.sequence, body: row.body }));
  return { ...common, eventId, webhookId: batchId, body, batch };
}

/**
 * Counts the fault for the deliveries that cause it, and returns the deliveries that can be sent without them: the
 * other ones of a batch, or those before the first faulty one at an ordered endpoint. The rest leaves the batch first:
 * under the same batch id the receiver would take them for duplicates.
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
  const remaining = new Set(others);
  await leaveBatch(
    db,
    rows.filter((row) => !remaining.has(row)).map(({ deliveryId }) => deliveryId),
  );
  return others;
}

/** Each delivery of a batch gets the batch's outcome. The response is stored once, with the first delivery. */
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

/**
 * Starts the workflow of a new dead letter, which waits for commands. If that fails, the row still says that Temporal
 * was not told, and the sweep does it.
 */
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
