// Makes one attempt, from the POST to the log line. The engine, first attempts and lanes all send through here. After a
// failure it asks the budget whether a workflow goes on; else the record passes the delivery to the relays.
// What if it runs twice? It posts twice. Its callers hold the delivery: by workflow, relay lease or drain epoch.
// What if the process dies before the record? The same request is sent again, under the same `webhook-id`.
import type { AttemptRecord } from '#db/deliveries/attempts';
import type { NewDelivery } from '#db/deliveries/new-delivery';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { type SendResult, signOf } from '#domain/deliveries/outcome';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { traceIdOf } from '#domain/events/trace-context';
import { unixMsOf } from '#domain/ids';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import type { AttemptMetrics } from '#telemetry/attempt-metrics';
import type { LaneWatch } from './lane-watch.ts';
import type { Poster, PostJob } from './poster.ts';
import type { PumpedDue } from './pumped-due.ts';
import type { Recorder } from './recorder.ts';
import type { StallWatch } from './stall-watch.ts';

export interface AttemptJob extends PostJob {
  targetVersion: number;
  /** The event's type; '' for a batch. */
  eventType: string;
  /** From `stallWatch.mark()`, before the delivery was read. */
  mark: number;
  /** The delivery's row, if it has none yet: it is written together with the attempt. */
  newRow?: NewDelivery;
  /** The deliveries in a lane's request. Absent: the one that `deliveryId` names. */
  members?: Member[];
  batchId?: string | null;
  /**
   * When a workflow that would go on asks the budget. Without room the record says `pumped`, and relays go on. `never`: it
   * is granted, or the delivery is pumped already.
   */
  asks: 'after_any_failure' | 'before_retry' | 'as_dead_letter' | 'never';
  /** When the event was to be sent, in Unix ms. Null or absent: when it was accepted. */
  scheduledMs?: number | null;
  /** The relay that leased the delivery for this attempt. */
  leasedBy?: string | undefined;
  /** A relay makes it, and no workflow, though the delivery has its row. */
  ofRelay?: boolean;
}

/** A delivery in a lane's request. */
export interface Member {
  deliveryId: string;
  round: number;
  /** Attempts made in this round before this one. */
  attempts: number;
  /** A probe that is sent before the delivery is due. */
  isEarly: boolean;
  /** When its event was accepted, or was to be sent, in Unix ms. */
  sinceMs: number;
}

export type Attempted =
  /**
   * Posted and recorded. `statuses`: of the deliveries now, in their order; null: the row is gone. `pumped`: this record
   * passed the first of them to the relays.
   */
  | { kind: 'recorded'; attempt: AttemptRecord; statuses: (DeliveryStatus | null)[]; pumped: boolean }
  /** Nothing was sent and no attempt is used up. A RenderError will repeat; any other error may pass. */
  | { kind: 'not_sent'; error: unknown }
  /** Posted but not recorded: a process that was suspended cannot tell whether the endpoint was late. */
  | { kind: 'suspended' };

export interface AttemptDeps {
  poster: Poster;
  recorder: Recorder;
  stallWatch: StallWatch;
  /** Counts the failures of endpoints that have no lane. Null: a lane sends, and counts them itself. */
  laneWatch: Pick<LaneWatch, 'recordOutcome'> | null;
  /** The process's budget of workflows. Absent: there is always room. */
  budget?: WorkflowBudget;
  pumpedDue?: Pick<PumpedDue, 'note'>;
  /** Whether the event was recalled. Absent: none is. */
  isRecalled?: ((eventId: string) => boolean) | undefined;
  metrics?: AttemptMetrics;
  log: Logger;
  reached?: Reached | undefined;
}

export type WorkflowBudget = Pick<ModeSwitch, 'take' | 'takeLater'>;

/** Never rejects. While PostgreSQL is away it waits with the outcome in memory until it is stored. */
export async function makeAttempt(deps: AttemptDeps, job: AttemptJob): Promise<Attempted> {
  const { poster, recorder, stallWatch, laneWatch, log } = deps;
  let attempt: AttemptRecord;
  try {
    attempt = await poster.post({ ...job, isTooLate: () => job.isTooLate?.() === true || isRecalled(deps, job) });
  } catch (error) {
    return { kind: 'not_sent', error };
  }
  const { result } = attempt;
  if (result.outcome === 'timeout' && stallWatch.stalledSince(job.mark)) return { kind: 'suspended' };
  const posted = job.members ? recordsOf(attempt, job.members, job.batchId ?? null) : [attempt];
  const records = posted.map((record) => ({
    ...record,
    leasedBy: job.leasedBy,
    ofRelay: job.ofRelay,
    pumped: hasNoRoom(deps, job, record),
  }));
  const { statuses, pumped } = await store(recorder, job, records);
  await deps.reached?.('recorded');
  if (pumped && statuses[0] === 'retrying') deps.pumpedDue?.note(job.deliveryId, attempt.retryInMs ?? 0);
  laneWatch?.recordOutcome(job, job.eventType, result);
  await poster.obeyEndpoint(job, result);
  if (deps.metrics) countAttempt(deps.metrics, job, records, statuses);
  for (const [index, record] of records.entries()) logAttempt(log, job, record, statuses[index] ?? null);
  return { kind: 'recorded', attempt, statuses, pumped };
}

function isRecalled({ isRecalled: one = () => false }: AttemptDeps, { eventId, batch = [] }: AttemptJob): boolean {
  return one(eventId) || batch.some((other) => one(other.eventId));
}

async function store(recorder: Recorder, { newRow }: AttemptJob, records: AttemptRecord[]) {
  const [first] = records;
  const stored = newRow && first ? await recorder.recordFirst({ ...newRow, attempt: first, pumped: first.pumped }) : null;
  if (stored) return { statuses: [stored], pumped: stored !== 'succeeded' && first?.pumped === true };
  // A first attempt whose delivery got its row meanwhile is recorded like any other, but a workflow may be sending it.
  const kept = newRow ? records.map((record) => ({ ...record, pumped: undefined })) : records;
  const statuses = await Promise.all(kept.map((record) => recorder.record(record)));
  const isOpen = statuses[0] === 'retrying' || statuses[0] === 'dead_lettered';
  return { statuses, pumped: isOpen && kept[0]?.pumped === true };
}

/** Asks the budget for the workflow that would go on with the delivery. Undefined: there is nothing to ask. */
function hasNoRoom({ budget }: AttemptDeps, { asks, tenantId }: AttemptJob, { result, retryInMs, probe }: AttemptRecord) {
  if (result.outcome === 'accepted' || probe) return undefined;
  const kind = retryInMs === null ? 'as_dead_letter' : 'before_retry';
  if (!budget || (asks !== kind && asks !== 'after_any_failure')) return undefined;
  return !(retryInMs === null ? budget.takeLater(tenantId, Date.now()) : budget.take(tenantId, Date.now()));
}

/**
 * Each delivery of a batch gets the batch's outcome. The response is stored once, with the first delivery.
 *
 * An outage uses up attempts only as fast as the delivery's own schedule. So a probe before the due time uses up none,
 * unless the endpoint answered this event (a 4xx, say).
 */
function recordsOf(attempt: AttemptRecord, members: Member[], batchId: string | null): AttemptRecord[] {
  const { result } = attempt;
  const isAnswered = signOf(result) === 'answered';
  return members.map(({ deliveryId, round, attempts, isEarly }, index) => {
    const record = { ...attempt, deliveryId, round, number: attempts + 1, batchId, probe: isEarly && !isAnswered };
    return index === 0 ? record : { ...record, attemptId: newId('att'), result: withoutResponse(result) };
  });
}

function withoutResponse(result: SendResult): SendResult {
  const { response } = result;
  return response === null
    ? result
    : { ...result, response: { ...response, headers: [], bodyStart: Buffer.alloc(0), bodyTruncated: false } };
}

function countAttempt(metrics: AttemptMetrics, job: AttemptJob, records: AttemptRecord[], statuses: (DeliveryStatus | null)[]): void {
  const way = job.members ? 'lane' : 'direct';
  for (const [index, { round, number }] of records.entries()) {
    const status = statuses[index] ?? null;
    metrics.became(status);
    if (round > 1 || (number > 1 && status !== 'succeeded')) continue;
    const ageMs = Date.now() - (job.members?.[index]?.sinceMs ?? job.scheduledMs ?? unixMsOf(job.eventId));
    if (number === 1) metrics.begun(way, ageMs);
    if (status === 'succeeded') metrics.delivered(way, ageMs);
  }
}

function logAttempt(
  log: Logger,
  { endpointId, tenantId, trace }: AttemptJob,
  { deliveryId, round, number, result, retryInMs, probe }: AttemptRecord,
  status: DeliveryStatus | null,
): void {
  log.info(
    {
      deliveryId,
      endpointId,
      tenantId,
      round,
      attempt: number,
      probe,
      outcome: result.outcome,
      statusCode: result.response?.statusCode,
      totalMs: Math.round(result.timings.totalMs),
      status,
      retryInMs,
      traceId: trace ? traceIdOf(trace) : undefined,
    },
    'delivery.attempted',
  );
}
