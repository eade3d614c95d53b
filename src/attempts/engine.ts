// Attempts a delivery that has a row: reads it, decides, attempts it at most once.
// Called by the delivery's workflow, or by a relay that has leased the delivery. A second call in this process joins the first and never posts.
// A SIGKILL before the record repeats the request; `Engine` lists the other cases.
import { setTimeout as delay } from 'node:timers/promises';
import { takeHurry } from '#db/deliveries/commands';
import { countFault, type DeliveryJob, type DeliveryState, readDeliveryJob, settleDelivery } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import { nextStep } from '#domain/deliveries/attempt';
import { type DeliveryStatus, isUnderWay } from '#domain/deliveries/delivery';
import { type AttemptReport, ended } from './attempt-report.ts';
import type { FirstAttemptsInFlight } from './first-attempter.ts';
import type { LaneWatch } from './lane-watch.ts';
import { type AttemptDeps, type Attempted, makeAttempt } from './make-attempt.ts';
import type { ParkDelivery } from './park-delivery.ts';
import { RenderError } from './render-error.ts';
import type { ReservedSlots } from './reserved-slots.ts';
import { SlotBackoff } from './slot-backoff.ts';
import type { SlotLimits, Slots } from './slots.ts';

export interface EngineDeps extends AttemptDeps {
  db: Db;
  laneWatch: Pick<LaneWatch, 'recordOutcome'>;
  slots: Slots;
  reserved?: Pick<ReservedSlots, 'claim'>;
  limits: SlotLimits;
  parkDelivery: ParkDelivery;
  /** Shared with the first attempters of this process. */
  firstInFlight?: Pick<FirstAttemptsInFlight, 'get'>;
}

/** The lease under which a relay attempts a delivery. */
export interface PumpLease {
  relayId: string;
  /** Null: the relay has not leased it. */
  read(): Promise<DeliveryJob | null>;
  /** Called right before the request is written. True: it is not sent. */
  isTooLate(): boolean;
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
export class Engine {
  readonly #deps: EngineDeps;
  readonly #slotBackoff: SlotBackoff;
  /** The calls in progress, by delivery id. */
  readonly #calls = new Map<string, Promise<AttemptReport>>();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#slotBackoff = new SlotBackoff(deps.db, deps.slots, deps.limits);
  }

  /**
   * Rejects when PostgreSQL or the local network fails. Then nothing was sent and no attempt used up: call again.
   * `planFirst` writes the row. If the process is suspended meanwhile, nothing is sent.
   */
  attempt(deliveryId: string, planFirst?: () => Promise<void>): Promise<AttemptReport> {
    const joined = this.#calls.get(deliveryId);
    if (joined !== undefined) return joined;
    const started = this.#run(deliveryId, planFirst).finally(() => this.#calls.delete(deliveryId));
    this.#calls.set(deliveryId, started);
    return started;
  }

  /**
   * Attempts a delivery that a relay has leased, in a slot that the caller holds. Joined: another call was in flight here;
   * it has ended, and no further attempt was made. `ended` with a status under way: nothing was sent, or the row had
   * changed. Rejects like `attempt`.
   */
  async attemptPumped(deliveryId: string, lease: PumpLease): Promise<AttemptReport | { kind: 'joined' }> {
    const other = this.#calls.get(deliveryId);
    if (other !== undefined) {
      await other.catch(() => undefined);
      return { kind: 'joined' };
    }
    const started = this.#run(deliveryId, undefined, lease).finally(() => this.#calls.delete(deliveryId));
    this.#calls.set(deliveryId, started);
    return started;
  }

  async #run(deliveryId: string, planFirst?: () => Promise<void>, lease?: PumpLease): Promise<AttemptReport> {
    const { db, recorder, stallWatch, parkDelivery, firstInFlight } = this.#deps;
    await firstInFlight?.get(deliveryId)?.catch(() => undefined);
    if (recorder.isBehind()) throw new Error('outcomes of earlier attempts are not recorded yet; no request is sent until they are');
    const mark = stallWatch.mark();
    await planFirst?.();
    const job = await (lease ? lease.read() : readDeliveryJob(db, deliveryId));
    if (!job) return ended('expired', 1, 0, null);
    const step = nextStep({ ...job, pumped: job.pumped && !lease });
    if (step.kind === 'pumped') return { kind: 'pumped', state: stateOf(job, Math.max(0, job.waitMs)) };
    if (step.kind === 'finished') return unchanged(job, await parkDelivery.found(job));
    if (step.kind === 'park') return unchanged(job, await parkDelivery.hand(job));
    if (step.kind === 'settle') return unchanged(job, (await settleDelivery(db, deliveryId, step.as)) ?? 'expired');
    if (step.kind === 'wait') return wait(job, step.ms, job.lastOutcome ?? 'not_due', job.lastMessage ?? 'not due yet');
    return lease ? this.#post(job, mark, lease) : this.#attemptWithSlot(job, mark);
  }

  async #attemptWithSlot(job: DeliveryJob, mark: number): Promise<AttemptReport> {
    const { slots, reserved, parkDelivery } = this.#deps;
    const giveBack = reserved?.claim(job.deliveryId) ?? slots.take(job.tenantId, job.endpointId, job.maxInFlight);
    if (giveBack === 'endpoint' && this.#slotBackoff.isOverloaded(job)) return unchanged(job, await parkDelivery.handOverCap(job));
    if (typeof giveBack !== 'function') {
      const ms = await this.#slotBackoff.backOff(job, giveBack);
      return wait(job, ms, 'no_slot', 'the limit of requests in flight is reached');
    }
    try {
      return await this.#post(job, mark);
    } finally {
      giveBack();
    }
  }

  async #post(job: DeliveryJob, mark: number, lease?: PumpLease): Promise<AttemptReport> {
    const isTooLate = () => this.#deps.stallWatch.stalledSince(mark) || lease?.isTooLate() === true;
    // Another process may have taken over the delivery: fail. Temporal, or the relays, and the row decide whether to call again.
    if (isTooLate()) throw new Error('the process was suspended, or its lease is over; the row it read may be out of date');
    if (job.hurried) await takeHurry(this.#deps.db, job.deliveryId);
    return this.#report(
      job,
      await makeAttempt(this.#deps, { ...job, mark, isTooLate, asks: lease ? 'never' : 'before_retry', leasedBy: lease?.relayId }),
    );
  }

  async #report(job: DeliveryJob, attempted: Attempted): Promise<AttemptReport> {
    if (attempted.kind === 'suspended') throw new Error('the process was suspended while it waited for the response');
    if (attempted.kind === 'not_sent') {
      if (attempted.error instanceof RenderError) return this.#countFault(job, attempted.error);
      throw attempted.error;
    }
    const { result, number, retryInMs } = attempted.attempt;
    const status = attempted.statuses[0] ?? 'expired';
    if (status !== 'retrying' || retryInMs === null) return ended(status, job.round, number, result.outcome);
    // No wait goes beyond the expiry of the delivery. A call that comes a little early waits for the rest.
    const wait = Math.min(retryInMs, job.expiresInMs ?? retryInMs);
    const pumped = job.pumped || attempted.pumped;
    const state = stateOf({ ...job, status, attempts: number, lastOutcome: result.outcome, pumped }, wait);
    return { kind: 'refused', state, result, retryInMs: wait };
  }

  async #countFault(job: DeliveryJob, error: RenderError): Promise<AttemptReport> {
    const { status, faults } = await countFault(this.#deps.db, job.deliveryId, error.message);
    if (!isUnderWay(status)) this.#deps.metrics?.became(status);
    this.#deps.log.error({ err: error, deliveryId: job.deliveryId, endpointId: job.endpointId, faults, status }, 'delivery.fault');
    return isUnderWay(status) ? { kind: 'fault', faults, message: error.message } : unchanged(job, status);
  }

  /** Waits until no attempt of this process, first attempts included, is in flight or unrecorded; false after `withinMs`. */
  async drain(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!this.#isIdle() && performance.now() < deadline) await delay(20);
    return this.#isIdle();
  }

  /** First attempts of a fenced relay show only in the slots and the unrecorded outcomes: nothing else waits for them. */
  #isIdle(): boolean {
    return this.#calls.size + this.#deps.slots.inUse() + this.#deps.recorder.unrecorded() === 0;
  }

  /** Requests in flight, and outcomes not yet recorded. */
  load(): { inFlight: number; unrecorded: number } {
    return { inFlight: this.#deps.slots.inUse(), unrecorded: this.#deps.recorder.unrecorded() };
  }
}

function wait(job: DeliveryJob, ms: number, outcome: string, message: string): AttemptReport {
  return { kind: 'wait', state: stateOf(job, ms), ms, outcome, message };
}

function stateOf({ status, round, attempts, lastOutcome, pumped }: DeliveryJob, ms: number): DeliveryState {
  return { status, round, attempts, nextAttemptAt: new Date(Date.now() + ms).toISOString(), lastOutcome, pumped };
}

/** The report of a delivery for which no request was made. */
function unchanged({ round, attempts, lastOutcome }: DeliveryJob, status: DeliveryStatus): AttemptReport {
  return ended(status, round, attempts, lastOutcome);
}
