// The events of a relay that wait for a dispatch, and which of them leave next. It only decides: the dispatcher asks for
// `next` after each change, writes the dispatch, and reports its end. Tenants take turns.
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import type { OwnedEvent } from '#db/events/outbox';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { createFairQueue, type FairQueue, takeFrom } from '#domain/fair-queue';
import { newId } from '#runtime/new-id';
import type { DispatchRef } from '#temporal/starter';

/** Maximum number of events in a dispatch. */
const batchSize = 256;
const batchesAtOnce = 4;
/** A batch without an urgent event waits for this many beats of the cadence. */
const calmBeats = 4;
const individualAtOnce = 16;
/** Adaptive mode dispatches only a few events at a time individually: two workflows keep two cores busy for 50 ms. */
const individualAtOncePaced = 2;

/** The fields of an event that its dispatch needs. */
export type LeavingEvent = Pick<OwnedEvent, 'eventId' | 'tenantId' | 'tenant' | 'eventType' | 'trace'>;

/**
 * `individual`: its first attempts could also be made before the dispatch. `unplanned`: only its dispatch can plan it.
 * `attempted`: all deliveries have rows, and all first attempts are recorded or given up. `followed`: the same, and its
 * only delivery still gets its workflow, if there is time for that.
 */
export type LeavingKind = 'individual' | 'unplanned' | 'attempted' | 'followed';

export interface Leaving {
  kind: LeavingKind;
  event: LeavingEvent;
  /** A delivery needs its workflow. */
  urgent: boolean;
  /** Its only delivery, whose workflow is started in place of the dispatch's, unless it leaves in a batch. */
  only?: DeliveryRef;
  /** All its deliveries are held by lanes that know of them, so it needs no workflow at all. */
  parked?: boolean;
}

export interface DispatchQueueOptions {
  modes: Pick<ModeSwitch, 'mode' | 'isTemporalAway'>;
  /** True in adaptive mode. */
  isPaced: boolean;
}

/**
 * Individual and unplanned events leave at once, one in each dispatch, and the two kinds take turns, so that neither
 * waits until the other is empty. They share dispatches of up to 256 in batched mode, and after Temporal was away until
 * none is left. While Temporal is away, one such dispatch at a time tests it.
 *
 * Followed events leave one by one after those. When the mode has changed to batched, they are attempted events.
 *
 * Attempted events leave in batches: when 256 wait, at the next beat if one is urgent, else at the fourth beat.
 */
export class DispatchQueue<T extends Leaving> {
  readonly #modes: DispatchQueueOptions['modes'];
  readonly #isPaced: boolean;
  readonly #queues: Record<LeavingKind, FairQueue<T>> = {
    individual: createFairQueue(),
    unplanned: createFairQueue(),
    attempted: createFairQueue(),
    followed: createFairQueue(),
  };
  #lastKind: 'individual' | 'unplanned' = 'unplanned';
  /** Temporal was away, and events that waited meanwhile are still here. */
  #isCatchingUp = false;
  #isUrgent = false;
  /** Beats since the last one that emptied `attempted`, or found it empty. */
  #beats = 0;
  /** How many attempted events must wait for a batch to leave; 1: the beat has come. */
  #enough = batchSize;
  #individualUnderWay = 0;
  /** Places given to individual events that are not here yet. */
  #promised = 0;
  #batchesUnderWay = 0;

  constructor({ modes, isPaced }: DispatchQueueOptions) {
    this.#modes = modes;
    this.#isPaced = isPaced;
  }

  add(leaving: T): void {
    if (leaving.kind === 'attempted') this.#isUrgent ||= leaving.urgent;
    if (leaving.kind === 'individual' && this.#promised > 0) this.#promised--;
    this.#queues[leaving.kind].push(leaving.event.tenantId, leaving);
  }

  /** True: an individual event may leave at once, and its place is kept for it until `add`. */
  takePlace(): boolean {
    if (!this.#isPaced) return true;
    const { individual, unplanned } = this.#queues;
    if (this.#individualUnderWay + this.#promised + individual.size + unplanned.size >= individualAtOncePaced) return false;
    this.#promised++;
    return true;
  }

  /** Removes and returns the events, all of one kind, that leave now in one dispatch. Report its end by `ended`. */
  next(nowMs: number): T[] | undefined {
    return this.#nextUnattempted(nowMs) ?? this.#nextFollowed(nowMs) ?? this.#nextBatch();
  }

  ended(kind: LeavingKind): void {
    if (kind === 'attempted') this.#batchesUnderWay--;
    else this.#individualUnderWay--;
  }

  /** One beat of the cadence has passed. */
  beat(): void {
    this.#beats++;
    if (!this.#isUrgent && this.#beats < calmBeats) return;
    if (this.#queues.attempted.size === 0) this.#waitForBatch();
    else this.#enough = 1;
  }

  hasIndividual(): boolean {
    return this.#queues.individual.size > 0;
  }

  /** Removes and returns the events whose first attempts can be made now, before their dispatch. */
  takeIndividual(): T[] {
    return takeFrom(this.#queues.individual, this.#queues.individual.size);
  }

  waiting(): number {
    return Object.values(this.#queues).reduce((sum, { size }) => sum + size, 0);
  }

  clear(): void {
    for (const queue of Object.values(this.#queues)) queue.clear();
  }

  #nextUnattempted(nowMs: number): T[] | undefined {
    const { individual, unplanned } = this.#queues;
    const isAway = this.#modes.isTemporalAway();
    const isEmpty = individual.size + unplanned.size === 0;
    this.#isCatchingUp = isAway || (this.#isCatchingUp && !isEmpty);
    if (isEmpty || this.#individualUnderWay >= (isAway ? 1 : this.#atOnce())) return undefined;
    this.#individualUnderWay++;
    const other = this.#lastKind === 'individual' ? 'unplanned' : 'individual';
    if (this.#queues[other].size > 0) this.#lastKind = other;
    const shares = this.#isCatchingUp || this.#modes.mode(nowMs) === 'batched';
    return takeFrom(this.#queues[this.#lastKind], shares ? batchSize : 1);
  }

  #nextFollowed(nowMs: number): T[] | undefined {
    const { followed } = this.#queues;
    if (followed.size === 0) return undefined;
    if (this.#modes.mode(nowMs) === 'batched') {
      for (const leaving of takeFrom(followed, followed.size)) this.add({ ...leaving, kind: 'attempted' });
      return undefined;
    }
    if (this.#individualUnderWay + this.#promised >= this.#atOnce()) return undefined;
    this.#individualUnderWay++;
    return takeFrom(followed, 1);
  }

  #nextBatch(): T[] | undefined {
    const { attempted } = this.#queues;
    if (attempted.size < this.#enough || this.#batchesUnderWay >= batchesAtOnce) return undefined;
    this.#batchesUnderWay++;
    const events = takeFrom(attempted, batchSize);
    if (attempted.size === 0) this.#waitForBatch();
    return events;
  }

  #atOnce(): number {
    return this.#isPaced ? individualAtOncePaced : individualAtOnce;
  }

  #waitForBatch(): void {
    this.#beats = 0;
    this.#isUrgent = false;
    this.#enough = batchSize;
  }
}

/** One dispatch for these events, under a new id. */
export function toDispatch(group: Leaving[]): DispatchRef {
  const first = group[0]?.event;
  return {
    dispatchId: newId('dsp'),
    events: group.length,
    tenants: new Set(group.map(({ event }) => event.tenantId)).size,
    tenant: first?.tenant ?? '',
    eventType: first?.eventType ?? '',
    // a batch belongs to the traces of all its events, so to none
    trace: group.length === 1 ? (first?.trace ?? null) : null,
  };
}
