// Makes one attempt of a delivery: reads the row, decides, posts at most once, records the outcome.
// Called by the delivery's workflow. A second call in this process joins the first and never posts.
// A SIGKILL before the record repeats the request; `createEngine` lists the other cases.
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptRecord } from '#db/deliveries/attempts';
import { countFault, type DeliveryJob, readDeliveryJob, settleDelivery } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import { nextStep } from '#domain/attempt';
import { type DeliveryStatus, isUnderWay } from '#domain/delivery';
import type { Logger } from '#runtime/logger';
import { type AttemptReport, settled } from './attempt-report.ts';
import type { InHand } from './first-attempter.ts';
import type { LaneWatch } from './lane-watch.ts';
import type { ParkDelivery } from './park-delivery.ts';
import { logAttempt, type Poster } from './poster.ts';
import type { Recorder } from './recorder.ts';
import { RenderError } from './render-error.ts';
import { createSlotBackoff } from './slot-backoff.ts';
import type { SlotLimits, Slots } from './slots.ts';
import { createStallWatch, type StallWatch } from './stall-watch.ts';

export interface Engine {
  /** Rejects when PostgreSQL or the local network fails. Then nothing was sent and no attempt used up: call again. */
  attempt(deliveryId: string): Promise<AttemptReport>;
  /** Waits until no attempt of this process, first attempts included, is in flight or unrecorded; false after `withinMs`. */
  drain(withinMs: number): Promise<boolean>;
  /** Requests in flight, and outcomes not yet recorded. */
  load(): { inFlight: number; unrecorded: number };
}

export interface EngineDeps {
  db: Db;
  poster: Poster;
  recorder: Recorder;
  places: Slots;
  limits: SlotLimits;
  log: Logger;
  lanes: Pick<LaneWatch, 'recordOutcome'>;
  toLane: ParkDelivery;
  /** Shared with the first attempters of this process. */
  inHand?: Pick<InHand, 'get'>;
  /** One for the whole process. */
  watch?: StallWatch;
}

/**
 * Called twice: a second call for a delivery that is in flight here, or not recorded yet, gets the outcome of the first
 * call and never posts. A delivery whose first attempt a relay of this process is making waits for that attempt.
 *
 * PostgreSQL away: before the POST the call fails and nothing was sent. After the POST the outcome stays in memory
 * until it is stored. While an outcome has waited for more than a second, no other POST starts.
 *
 * Duplicates: an outcome that a SIGKILL leaves unrecorded is posted again. Otherwise only the sender may send a request
 * twice, within one attempt, when a kept-alive connection closes while it is used.
 *
 * Lane: a delivery is held, and its lane told, if only the lane sends to the endpoint or too many wait for its slots.
 */
export function createEngine({
  db,
  poster,
  recorder,
  places,
  limits,
  log,
  lanes,
  toLane,
  inHand,
  watch = createStallWatch(),
}: EngineDeps): Engine {
  const slotBackoff = createSlotBackoff(db, places, limits);
  const underWay = new Map<string, Promise<AttemptReport>>();

  async function run(deliveryId: string): Promise<AttemptReport> {
    await inHand?.get(deliveryId)?.catch(() => undefined);
    if (recorder.isBehind()) throw new Error('outcomes of earlier attempts are not recorded yet; no request is sent until they are');
    const mark = watch.mark();
    const job = await readDeliveryJob(db, deliveryId);
    if (!job) return settled('expired', 0, null);
    const step = nextStep(job);
    const as = (status: DeliveryStatus) => settled(status, job.attempts, job.lastOutcome);
    if (step.kind === 'finished') return as(await toLane.found(job));
    if (step.kind === 'park') return as(await toLane.hand(job));
    if (step.kind === 'settle') return as((await settleDelivery(db, deliveryId, step.as)) ?? 'expired');
    if (step.kind === 'wait')
      return { kind: 'wait', ms: step.ms, outcome: job.lastOutcome ?? 'not_due', message: job.lastMessage ?? 'not due yet' };
    const leave = places.take(job.tenantId, job.endpointId, job.maxInFlight);
    if (leave === 'endpoint' && slotBackoff.isCrowd(job)) return as(await toLane.handOverCap(job));
    if (typeof leave !== 'function')
      return {
        kind: 'wait',
        ms: await slotBackoff.backOff(job, leave),
        outcome: 'no_place',
        message: 'the limit of requests in flight is reached',
      };
    try {
      // Another worker may have taken over the delivery: fail. Temporal and the row decide whether to call again.
      if (watch.stalledSince(mark)) throw new Error('the process was suspended; the row it read may be out of date');
      return await post(job, mark);
    } finally {
      leave();
    }
  }

  async function post(job: DeliveryJob, mark: number): Promise<AttemptReport> {
    let attempt: AttemptRecord;
    try {
      attempt = await poster.post({ ...job, isTooLate: () => watch.stalledSince(mark) });
    } catch (error) {
      if (error instanceof RenderError) return fault(job, error);
      throw error;
    }
    const { result, number } = attempt;
    // a process that was suspended cannot tell whether the endpoint was late
    if (result.outcome === 'timeout' && watch.stalledSince(mark))
      throw new Error('the process was suspended while it waited for the response');
    const status = await recorder.record(attempt);
    lanes.recordOutcome(job, job.eventType, result);
    await poster.obeyEndpoint(job, result);
    logAttempt(log, job, attempt, status);
    if (status !== 'retrying' || attempt.retryInMs === null) return settled(status ?? 'expired', number, result.outcome);
    // No wait goes beyond the expiry of the delivery. A call that comes a little early waits for the rest.
    const wait = Math.min(attempt.retryInMs, job.expiresInMs ?? attempt.retryInMs);
    const nextAttemptAt = new Date(Date.now() + wait).toISOString();
    return { kind: 'refused', state: { status, attempts: number, nextAttemptAt, lastOutcome: result.outcome }, result, retryInMs: wait };
  }

  async function fault(job: DeliveryJob, error: RenderError): Promise<AttemptReport> {
    const { message } = error;
    const { status, faults } = await countFault(db, job.deliveryId, message);
    log.error({ err: error, deliveryId: job.deliveryId, endpointId: job.endpointId, faults, status }, 'delivery.fault');
    return isUnderWay(status) ? { kind: 'fault', faults, message } : settled(status, job.attempts, job.lastOutcome);
  }

  /**
   * First attempts of a fenced relay show only in the slots and the unrecorded outcomes: nothing else waits for them.
   */
  function isIdle(): boolean {
    return underWay.size + places.inUse() + recorder.unrecorded() === 0;
  }

  return {
    attempt(deliveryId) {
      const joined = underWay.get(deliveryId);
      if (joined !== undefined) return joined;
      const started = run(deliveryId).finally(() => underWay.delete(deliveryId));
      underWay.set(deliveryId, started);
      return started;
    },
    async drain(withinMs) {
      const deadline = performance.now() + withinMs;
      while (!isIdle() && performance.now() < deadline) await delay(20);
      return isIdle();
    },
    load: () => ({ inFlight: places.inUse(), unrecorded: recorder.unrecorded() }),
  };
}
