// Makes first attempts for a relay: posts deliveries that have no row yet, and records row and
// attempt together. If the relay is fenced and the next relay of this process takes the same event,
// that one joins the attempt in flight: nothing is posted twice.
import { setTimeout as delay } from 'node:timers/promises';
import type { NewDelivery } from '#db/deliveries/new-delivery';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import { isStoreAway } from '#db/store/errors';
import { parksBySettings } from '#domain/deliveries/attempt';
import { LocalFault } from '#outbound/local-fault';
import type { BoundRows } from './bound-rows.ts';
import { type FirstAttempt, idOf, isExpired, toRow } from './first-attempt.ts';
import type { LaneWatch } from './lane-watch.ts';
import { type AttemptDeps, type AttemptJob, makeAttempt } from './make-attempt.ts';
import { QueueLooks } from './queue-looks.ts';
import type { Slots } from './slots.ts';
import { type SlotAnswer, TurnQueue } from './turn-queue.ts';

const lookMs = 250;
/** Far shorter than the queue waits for an endpoint, which must not be blamed while PostgreSQL is away. */
const heldUpAfterMs = 250;
const parkAgainMs = 500;

/**
 * `needs_no_workflow`: the row says succeeded, held or pumped. `needs_workflow`: a workflow makes the next attempt. `dropped`:
 * neither posted nor written, because the relay has lost its lease or is stopping.
 */
export type Written = 'needs_no_workflow' | 'needs_workflow' | 'dropped';

/**
 * The first attempts that this process has begun and not recorded, by delivery id. Each resolves to how the row was
 * written.
 */
export type FirstAttemptsInFlight = Map<string, Promise<Written>>;

export interface FirstAttempterDeps extends AttemptDeps {
  slots: Slots;
  laneWatch: LaneWatch;
  /** Writes the rows of deliveries that have a shape, before their first attempts. */
  boundRows: BoundRows;
  /** Resolves when the deliveries are held and their lanes told. Rejects when PostgreSQL is away. */
  park(deliveries: NewDelivery[]): Promise<void>;
  /** One for the whole process. */
  firstInFlight?: FirstAttemptsInFlight;
}

/**
 * A first attempt waits for a slot, then it is in flight until its row is written. It ends in one of these ways:
 * - posted and recorded: `needs_no_workflow` when the endpoint accepted, else `needs_workflow` if the budget has room for
 *   it, else `needs_no_workflow`, because relays go on (pumped);
 * - parked (`needs_no_workflow`), because only the endpoint's lane may send to it or too many wait for its slots;
 * - given up, because it cannot be posted for another reason, such as no slot of its tenant or a failure inside
 *   Posthorn. Its row is written as due, and its workflow or the relays go on, as after a refusal;
 * - `dropped`.
 */
export class FirstAttempter {
  readonly #deps: FirstAttempterDeps;
  readonly #queue: TurnQueue;
  readonly #inFlight: FirstAttemptsInFlight;
  /** The attempts of this relay that are in flight, those it joined included. */
  readonly #own = new Map<FirstAttempt, Promise<Written>>();
  readonly #looks: QueueLooks;

  constructor(deps: FirstAttempterDeps) {
    this.#deps = deps;
    this.#inFlight = deps.firstInFlight ?? new Map();
    this.#queue = new TurnQueue(deps.slots);
    this.#looks = new QueueLooks({ queues: [this.#queue], everyMs: lookMs, isHeldUp: () => this.#isHeldUp() });
  }

  /** Resolves when the delivery's row is written, or dropped. Rejects when the row cannot be written. */
  attempt(job: FirstAttempt): Promise<Written> {
    const begun = this.#inFlight.get(idOf(job));
    return begun === undefined ? this.#attemptInSlot(job) : this.#join(job, begun);
  }

  async #join(job: FirstAttempt, begun: Promise<Written>): Promise<Written> {
    this.#own.set(job, begun);
    const written = await begun.catch(() => 'dropped' as const);
    this.#own.delete(job);
    return written === 'dropped' ? this.#attemptInSlot(job) : written;
  }

  #attemptInSlot(job: FirstAttempt): Promise<Written> {
    this.#looks.begin();
    return new Promise((resolve) => {
      this.#queue.wait(job.event.tenantId, job.endpointId, job.endpointLimit, (answer) => resolve(this.#answered(job, answer)));
    });
  }

  async #answered(job: FirstAttempt, answer: SlotAnswer): Promise<Written> {
    if (answer === 'stopped') return 'dropped';
    const id = idOf(job);
    const writing = typeof answer === 'function' ? this.#attempt(job) : this.#withoutSlot(job, answer);
    this.#inFlight.set(id, writing);
    this.#own.set(job, writing);
    try {
      return await writing;
    } finally {
      this.#inFlight.delete(id);
      this.#own.delete(job);
      if (typeof answer === 'function') answer();
    }
  }

  /** The delivery gets its row, whatever fails, unless the relay loses its lease. */
  async #attempt(job: FirstAttempt): Promise<Written> {
    const { recorder, stallWatch, log } = this.#deps;
    try {
      for (;;) {
        while ((recorder.isBehind() || !this.#knowsEnough(job)) && job.mayPost()) await delay(100);
        if (!job.mayPost()) return 'dropped';
        const mark = stallWatch.mark();
        const endpoint = job.endpoint();
        if (!endpoint) return this.#giveUp(job);
        if (this.#parks(endpoint)) return this.#park(job);
        if (isExpired(job.event) || this.#deps.isRecalled?.(job.event.eventId)) return this.#giveUp(job);
        const isTooLate = () => !job.mayPost() || !this.#knowsEnough(job);
        if (endpoint.shapeId !== null) return this.#attemptBound(job, attemptJob(job, endpoint, mark, isTooLate), endpoint.shapeId);
        const attempted = await makeAttempt(this.#deps, attemptJob(job, endpoint, mark, isTooLate));
        if (attempted.kind === 'recorded') return needs(attempted.statuses[0] !== 'succeeded' && !attempted.pumped);
        if (attempted.kind === 'suspended') return this.#giveUp(job);
        // too late: nothing was sent, so check again
        if (!(attempted.error instanceof LocalFault && attempted.error.code === 'too_late')) throw attempted.error;
      }
    } catch (error) {
      log.warn({ err: error, deliveryId: idOf(job), endpointId: job.endpointId }, 'delivery.not_posted');
      return this.#giveUp(job);
    }
  }

  /**
   * The row is written first, because it binds the delivery to its shape: the process that repeats the attempt sends the
   * same bytes. Without an attempt, the row is given up to its workflow.
   */
  async #attemptBound(job: FirstAttempt, { newRow, ...attempt }: AttemptJob, shapeId: string): Promise<Written> {
    const { boundRows, log } = this.#deps;
    const bound = await boundRows.begin({ ...toRow(job), shapeId, leaseForMs: attempt.timeoutMs });
    if (!bound) return 'needs_workflow';
    const attempted = await makeAttempt(this.#deps, { ...attempt, shapeId, ofRelay: !job.hasWorkflow });
    if (attempted.kind === 'recorded') return needs(attempted.statuses[0] !== 'succeeded' && !attempted.pumped);
    if (attempted.kind === 'not_sent') log.warn({ err: attempted.error, deliveryId: idOf(job) }, 'delivery.not_posted');
    await boundRows.giveUp(idOf(job), bound);
    return job.mayPost() ? 'needs_workflow' : 'dropped';
  }

  /** The list of lanes and the cached endpoint are at most a few seconds old. */
  #knowsEnough(job: FirstAttempt): boolean {
    return this.#deps.laneWatch.isFresh() && job.isFresh();
  }

  #parks(endpoint: EndpointSnapshot): boolean {
    return parksBySettings(endpoint, Date.now()) || this.#deps.laneWatch.parks(endpoint.endpointId);
  }

  /** No slot of the endpoint: its lane takes over. No slot of the tenant: a lane that exists takes over, but none is opened. */
  #withoutSlot(job: FirstAttempt, want: 'endpoint' | 'tenant'): Promise<Written> {
    if (want === 'endpoint') return this.#park(job, true);
    return this.#deps.laneWatch.parks(job.endpointId) ? this.#park(job) : this.#giveUp(job);
  }

  async #giveUp(job: FirstAttempt): Promise<Written> {
    if (!job.mayPost()) return 'dropped';
    const { recorder, boundRows, budget, pumpedDue } = this.#deps;
    const pumped = !job.hasWorkflow && budget !== undefined && !budget.take(job.event.tenantId, Date.now());
    const shapeId = shapeOf(job);
    const isNew = shapeId
      ? (await boundRows.begin({ ...toRow(job), shapeId, leaseForMs: null, pumped })) !== null
      : (await recorder.recordFirst({ ...toRow(job), attempt: null, pumped })) !== null;
    if (isNew && pumped) pumpedDue?.note(idOf(job), 0);
    // if the row existed, nothing is changed, and its workflow may be needed
    return needs(!isNew || !pumped);
  }

  async #park(job: FirstAttempt, opensLane = false): Promise<Written> {
    const { laneWatch, park, log } = this.#deps;
    while (job.mayPost()) {
      try {
        if (opensLane) await laneWatch.overCap(job.endpointId);
        await park([toRow(job)]);
        return 'needs_no_workflow';
      } catch (error) {
        log.warn({ err: error, deliveryId: idOf(job), endpointId: job.endpointId }, 'delivery.not_parked');
        if (!isStoreAway(error)) return this.#giveUp(job);
        await delay(parkAgainMs);
      }
    }
    return 'dropped';
  }

  #isHeldUp(): boolean {
    return this.#deps.recorder.waitedMs() > heldUpAfterMs || !this.#deps.laneWatch.isFresh();
  }

  waiting(): number {
    return this.#queue.size();
  }

  /** The ids of the events whose attempts are in flight or not recorded. */
  eventsInFlight(): string[] {
    return [...new Set([...this.#own.keys()].map(({ event }) => event.eventId))];
  }

  /** Drops the attempts that wait. Resolves when those in flight are recorded. */
  async stop(): Promise<void> {
    this.#looks.stop();
    this.#queue.stop();
    await Promise.allSettled(this.#own.values());
  }
}

/** Null: it has none, or was deleted. */
function shapeOf(job: FirstAttempt): string | null {
  try {
    return job.endpoint()?.shapeId ?? null;
  } catch {
    return null;
  }
}

const needs = (workflow: boolean): Written => (workflow ? 'needs_workflow' : 'needs_no_workflow');

function attemptJob(job: FirstAttempt, endpoint: EndpointSnapshot, mark: number, isTooLate: () => boolean): AttemptJob {
  const { eventId, tenantId, eventType, externalId, body, version, acceptedHereMs, trace } = job.event;
  const { endpointId, targetVersion, sealed, format, signing, timeoutMs, retry, secrets } = endpoint;
  const newRow = toRow(job);
  return {
    ...{
      deliveryId: newRow.deliveryId,
      eventId,
      endpointId,
      tenantId,
      eventType,
      webhookId: externalId,
      body,
      version,
      acceptedHereMs,
      trace,
    },
    ...{ targetVersion, sealed, format, signing, timeoutMs, retry },
    secrets: secrets.filter(({ validToMs }) => validToMs === null || validToMs > Date.now()),
    round: 1,
    attempts: 0,
    newRow,
    mark,
    isTooLate,
    asks: job.hasWorkflow ? 'never' : 'after_any_failure',
  };
}
