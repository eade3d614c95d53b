// The engine that makes attempts: reads the row, asks the domain what to do, posts at most once, and records surely.
//
// What if it is called twice? A second call for a delivery in flight here, or not yet recorded, joins the first one's outcome and never posts. One
// whose first attempt is in hand ahead of its dispatch waits for that.
// What if the store is away? Before the POST: the call fails and nothing was sent. After it: the outcome waits here until it is stored, and
// while one has waited for a second no other POST starts. What a SIGKILL leaves unrecorded repeats; else only the sender may
// send a request twice, within one attempt, when a kept connection closes under it.
// What if only the endpoint's lane sends to it, or it has no free place? Then the delivery is held, and its lane told.
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
import type { SlotLimits, Slots } from './places.ts';
import { logAttempt, type Poster } from './poster.ts';
import type { Recorder } from './recorder.ts';
import { RenderError } from './render-fault.ts';
import { createSlotBackoff } from './slot-backoff.ts';
import { createStallWatch, type StallWatch } from './stall-watch.ts';

export interface Engine {
  /** Rejects when our own store or network is at fault: nothing was sent or spent, call again. */
  attempt(deliveryId: string): Promise<AttemptReport>;
  /** Waits until nothing is in flight or unrecorded in this process, first attempts too, at most so long; true when that was reached. */
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
  /** Of the first attempters of this process. */
  inHand?: Pick<InHand, 'get'>;
  /** One for all of this process. */
  watch?: StallWatch;
}

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
  const noPlace = createSlotBackoff(db, places, limits);
  const underWay = new Map<string, Promise<AttemptReport>>();

  async function run(deliveryId: string): Promise<AttemptReport> {
    await inHand?.get(deliveryId)?.catch(() => undefined);
    if (recorder.isBehind()) throw new Error('outcomes wait to be recorded: nothing is posted until they are');
    const mark = watch.mark();
    const job = await readDeliveryJob(db, deliveryId);
    if (!job) return settled('expired', 0, null);
    const step = nextStep(job);
    const as = (status: DeliveryStatus) => settled(status, job.attempts, job.lastOutcome);
    if (step.kind === 'finished') return as(await toLane.found(job));
    if (step.kind === 'park') return as(await toLane.hand(job));
    if (step.kind === 'settle') return as((await settleDelivery(db, deliveryId, step.as)) ?? 'expired');
    if (step.kind === 'wait')
      return { kind: 'wait', ms: step.ms, outcome: job.lastOutcome ?? 'not_due', message: job.lastMessage ?? 'its time has not come' };
    const leave = places.take(job.tenantId, job.endpointId, job.maxInFlight);
    if (leave === 'endpoint' && noPlace.isCrowd(job)) return as(await toLane.handOverCap(job));
    if (typeof leave !== 'function')
      return {
        kind: 'wait',
        ms: await noPlace.backOff(job, leave),
        outcome: 'no_place',
        message: 'as many requests in flight as allowed',
      };
    try {
      // another worker may be at it by now: fail, and let Temporal and the row say whether to call again
      if (watch.stalledSince(mark)) throw new Error('this process stood still: the row it read may be out of date');
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
    // whoever stood still cannot say that the endpoint was late
    if (result.outcome === 'timeout' && watch.stalledSince(mark))
      throw new Error('this process stood still while it waited for the answer');
    const status = await recorder.record(attempt);
    lanes.recordOutcome(job, job.eventType, result);
    await poster.obeyEndpoint(job, result);
    logAttempt(log, job, attempt, status);
    if (status !== 'retrying' || attempt.retryInMs === null) return settled(status ?? 'expired', number, result.outcome);
    // no wait passes the moment it expires; called a little early, it waits for what remains
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

  /** First attempts of a relay that was fenced are known by their places and outcomes alone: nobody else waits for them any more. */
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
