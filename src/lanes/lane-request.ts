// Sends one request of a lane (a delivery or a batch) and records an attempt for each delivery.
// Called by the drain. If the process dies before the record, the next drain sends the same request
// again, under the same id.
import { type AttemptDeps, type AttemptJob, makeAttempt } from '#attempts/make-attempt';
import { RenderError } from '#attempts/render-error';
import { countFault } from '#db/deliveries/deliveries';
import { type DeliveryRef, readDeliveryRef } from '#db/deliveries/delivery-refs';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { deadLetterSignalled, leaveBatch } from '#db/lanes/lane-held';
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { SendResult } from '#domain/deliveries/outcome';
import { unixMsOf } from '#domain/ids';

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
  startDelivery(delivery: DeliveryRef, startedBy: string): Promise<unknown>;
  /** Signals the delivery's workflow, if there is one, to read its row. */
  look(delivery: DeliveryRef, startedBy: string): Promise<void>;
}

export interface LaneRequestDeps extends AttemptDeps {
  db: Db;
  starter: DeliveryStarter;
}

/** Rejects only when PostgreSQL is away and nothing was sent. */
export async function sendLaneRequest(deps: LaneRequestDeps, request: LaneRequest): Promise<LaneRequestResult> {
  const { endpoint, rows } = request;
  const startedMs = Date.now();
  const attempted = await makeAttempt(deps, attemptJob(request, deps.stallWatch.mark()));
  if (attempted.kind === 'suspended') return { kind: 'ours', waitMs: ourPauseMs };
  if (attempted.kind === 'not_sent') {
    const { error } = attempted;
    deps.log.warn({ err: error, endpointId: endpoint.endpointId, deliveries: rows.length }, 'lane.not_posted');
    const others = error instanceof RenderError ? await withoutFaulty(deps, request, error) : [];
    return others.length > 0 ? sendLaneRequest(deps, { ...request, rows: others }) : { kind: 'ours', waitMs: ourPauseMs };
  }
  const { result, retryInMs } = attempted.attempt;
  const statuses = new Map(rows.map(({ deliveryId }, index) => [deliveryId, attempted.statuses[index] ?? null]));
  for (const [deliveryId, status] of statuses) if (status === 'dead_lettered') void openDeadLetter(deps, deliveryId);
  return { kind: 'done', result, startedMs, statuses, retryInMs };
}

function attemptJob({ endpoint, rows, batchId, probe, isTooLate }: LaneRequest, mark: number): AttemptJob {
  const [first] = rows;
  if (!first) throw new Error('a lane request needs at least one delivery');
  const { endpointId, tenantId, targetVersion, sealed, format, signing, timeoutMs, retry, secrets } = endpoint;
  const { deliveryId, eventId, round, attempts, webhookId, body, sequence, eventType, trace, scheduledMs, shapeId, version } = first;
  const members = rows.map((row) => ({
    deliveryId: row.deliveryId,
    round: row.round,
    attempts: row.attempts,
    sinceMs: row.scheduledMs ?? unixMsOf(row.eventId),
    isEarly: probe && row.dueInMs > 0,
  }));
  const common = {
    ...{ endpointId, tenantId, targetVersion, sealed, format, signing, timeoutMs, retry, secrets },
    ...{ deliveryId, eventId, round, attempts, body, members, batchId, mark, isTooLate, scheduledMs },
    asks: 'as_dead_letter' as const,
  };
  if (batchId === null) return { ...common, eventType, webhookId, sequence, trace, shapeId, version };
  const batch = rows.map((row) => ({
    eventId: row.eventId,
    id: row.webhookId,
    sequence: row.sequence,
    round: row.round,
    body: row.body,
    trace: row.trace,
    shapeId: row.shapeId,
    version: row.version,
  }));
  return { ...common, eventType: '', webhookId: batchId, batch };
}

/**
 * Counts the fault for the deliveries that cause it, and returns the deliveries that can be sent without them: the
 * other ones of a batch, or those before the first faulty one at an ordered endpoint. The rest leaves the batch first:
 * under the same batch id the receiver would take them for duplicates.
 */
async function withoutFaulty(
  { db, metrics }: LaneRequestDeps,
  { endpoint, rows, batchId }: LaneRequest,
  fault: RenderError,
): Promise<HeldDelivery[]> {
  const isFaulty = ({ eventId }: HeldDelivery) => fault.eventIds.length === 0 || fault.eventIds.includes(eventId);
  const others = endpoint.ordering === 'none' ? rows.filter((row) => !isFaulty(row)) : rows.slice(0, rows.findIndex(isFaulty));
  for (const { deliveryId } of rows.filter(isFaulty)) {
    const { status } = await countFault(db, deliveryId, fault.message);
    metrics?.became(status);
  }
  if (batchId === null || others.length === 0) return others;
  const remaining = new Set(others);
  await leaveBatch(
    db,
    rows.filter((row) => !remaining.has(row)).map(({ deliveryId }) => deliveryId),
  );
  return others;
}

/**
 * Starts the workflow of a new dead letter, which waits for commands, unless there was no room for it. If that fails,
 * the row stays marked as unsignalled, and the sweep does it.
 */
async function openDeadLetter({ db, starter, log }: LaneRequestDeps, deliveryId: string): Promise<void> {
  try {
    const delivery = await readDeliveryRef(db, deliveryId);
    if (delivery?.status !== 'dead_lettered' || delivery.unsignalledSince === null) return;
    await starter.startDelivery(delivery, 'its lane');
    await deadLetterSignalled(db, deliveryId);
  } catch (error) {
    log.warn({ err: error, deliveryId }, 'lane.dead_letter_not_opened');
  }
}
