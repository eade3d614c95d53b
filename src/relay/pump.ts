// The pump: attempts deliveries without a workflow when they are due, under the lease of its relay.
// It reads due deliveries of all tenants, queues them, and leases each one once it has a slot. What is in memory only is a
// hint: a crash loses it without harm. After a crash between request and record, another relay repeats the request.
import type { Engine } from '#attempts/engine';
import type { LaneWatch } from '#attempts/lane-watch';
import { QueueLooks } from '#attempts/queue-looks';
import type { Recorder } from '#attempts/recorder';
import type { SlotLimits, Slots } from '#attempts/slots';
import { type SlotAnswer, TurnQueue } from '#attempts/turn-queue';
import { type DuePumped, duePumped } from '#db/deliveries/pumped';
import type { Db } from '#db/store/pool';
import { isUnderWay } from '#domain/deliveries/delivery';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import type { Lease } from '#domain/relay-lease';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { LookTimer } from '#runtime/look-timer';
import type { PumpMetrics } from '#telemetry/relay-metrics';
import { PumpLeases } from './pump-leases.ts';
import { PumpSlots } from './pump-slots.ts';
import { PumpedDays } from './pumped-days.ts';

/** How many due deliveries one look reads. */
const most = 2_000;
/** While so many wait in memory, looks are rarer. */
const many = 500;
const lookEveryMs = 10_000;
const queueEveryMs = 50;
const heldUpAfterMs = 250;
const pauseMs = 1_000;
const longestPauseMs = 30_000;

/** The deliveries that pumps of this process attempt now, each with the relay that has leased it. One for the process. */
export type PumpedInFlight = Map<string, string>;

/** What the pump needs besides its relay's own parts. */
export interface PumpParts {
  db: Db;
  engine: Pick<Engine, 'attemptPumped'>;
  slots: Slots;
  limits: Pick<SlotLimits, 'process'>;
  recorder: Pick<Recorder, 'isBehind' | 'waitedMs'>;
  laneWatch: Pick<LaneWatch, 'overCap'>;
  metrics?: PumpMetrics;
}

export interface PumpDeps extends PumpParts {
  /** For the look at the days: the same connection each time, which has planned it. */
  checks: Db;
  inFlight: PumpedInFlight;
  modes: Pick<ModeSwitch, 'addLoad'>;
  expiresAfterMs: number;
  log: Logger;
  reached?: Reached | undefined;
}

/**
 * A delivery is read while it is due, waits in memory for a slot, and is leased when it has one: then it is still due, and
 * no other relay attempts it. Its lease ends with the record of the attempt. If there was no attempt, the lease is given
 * back with a pause, so that a failure does not repeat at once.
 */
export class Pump {
  readonly #deps: PumpDeps;
  readonly #lease: Lease;
  readonly #slots: PumpSlots;
  readonly #usual: TurnQueue;
  readonly #slow: TurnQueue;
  readonly #looks: LookTimer;
  readonly #leases: PumpLeases;
  readonly #days: PumpedDays;
  readonly #waiting = new Set<string>();
  readonly #attempting = new Set<Promise<void>>();
  readonly #queueLooks: QueueLooks;
  #wasSteady = false;
  #stopped = false;

  /** Looks at once. */
  constructor(lease: Lease, deps: PumpDeps) {
    const { db, slots, limits, expiresAfterMs, log } = deps;
    this.#deps = deps;
    this.#lease = lease;
    this.#slots = new PumpSlots({ slots, limits, mayBegin: () => this.#mayAct() && !deps.recorder.isBehind() });
    this.#usual = new TurnQueue(this.#slots.for('usual'));
    this.#slow = new TurnQueue(this.#slots.for('slow'));
    this.#queueLooks = new QueueLooks({
      queues: [this.#usual, this.#slow],
      everyMs: queueEveryMs,
      isHeldUp: () => deps.recorder.waitedMs() > heldUpAfterMs || !this.#mayAct(),
    });
    this.#leases = new PumpLeases(db, lease, expiresAfterMs);
    this.#days = new PumpedDays(deps.checks, lookEveryMs - pauseMs);
    this.#looks = new LookTimer({
      look: () => this.#look(),
      failed: (error) => log.warn({ err: error, relayId: lease.id }, 'pump.not_read'),
      gapMs: (tookMs) => Math.max(this.#waiting.size > many ? 1_000 : 200, Math.min(5 * tookMs, 1_000)),
    });
    this.#looks.within(0);
  }

  /** Reads all days again: a delivery may have become due, of any day. */
  lookSoon(): void {
    this.#days.expire();
    this.#looks.within(0);
  }

  /** A pumped delivery, recorded in this process, is due in so many milliseconds. */
  dueIn(deliveryId: string, ms: number): void {
    this.#days.add(deliveryId);
    // the clocks of PostgreSQL and this process may differ by a little
    this.#looks.within(ms + 5);
  }

  /** To be called regularly: from the moment its lease is steady, the pump takes over the leases of ended relays. */
  lookIfSteady(): void {
    if (this.#wasSteady || !this.#lease.isSteady(performance.now())) return;
    this.#wasSteady = true;
    this.lookSoon();
  }

  /** Begins no more attempts. Resolves when those in flight have ended and are recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queueLooks.stop();
    this.#usual.stop();
    this.#slow.stop();
    await this.#looks.stop();
    await Promise.all(this.#attempting);
  }

  async #look(): Promise<number> {
    if (!this.#mayAct()) return pauseMs;
    const { db, inFlight, expiresAfterMs } = this.#deps;
    let nextMs = lookEveryMs;
    for (const day of await this.#days.read()) {
      const takesOver = this.#lease.isSteady(performance.now());
      const look = { day, relayId: this.#lease.id, inFlight: [...inFlight.keys()], most, takesOver, expiresAfterMs };
      const { due, nextInMs, more } = await duePumped(db, look);
      if (this.#stopped) break;
      for (const one of due) this.#queue(one);
      nextMs = Math.min(nextMs, more ? 0 : (nextInMs ?? lookEveryMs) + 5);
    }
    return nextMs;
  }

  #queue(due: DuePumped): void {
    const { deliveryId, tenantId, endpointId, endpointLimit, isSlow } = due;
    if (this.#waiting.has(deliveryId) || this.#deps.inFlight.has(deliveryId)) return;
    this.#waiting.add(deliveryId);
    const readAt = performance.now();
    const queue = isSlow ? this.#slow : this.#usual;
    this.#queueLooks.begin();
    queue.wait(tenantId, endpointId, endpointLimit, (answer) => {
      const attempting: Promise<void> = this.#answered(due, readAt, answer).finally(() => this.#attempting.delete(attempting));
      this.#attempting.add(attempting);
    });
  }

  /** Never rejects. */
  async #answered(due: DuePumped, readAt: number, answer: SlotAnswer): Promise<void> {
    const { deliveryId, endpointId } = due;
    this.#waiting.delete(deliveryId);
    if (answer === 'stopped') return;
    if (typeof answer !== 'function') {
      // its lane takes over, or the tenant's requests end
      this.#looks.within(pauseMs);
      if (answer === 'endpoint') await this.#deps.laneWatch.overCap(endpointId).catch((error) => this.#warn(error, deliveryId));
      return;
    }
    this.#deps.inFlight.set(deliveryId, this.#lease.id);
    try {
      await this.#deps.reached?.('pump has a slot');
      if (!this.#mayAct() || !(await this.#leases.take(deliveryId))) return this.#slots.notBegun();
      await this.#deps.reached?.('pump has leased');
      await this.#attempt(due, readAt);
    } catch (error) {
      this.#warn(error, deliveryId);
      await this.#release(deliveryId, pauseMs);
    } finally {
      this.#deps.inFlight.delete(deliveryId);
      answer();
    }
  }

  async #attempt({ deliveryId, lateMs }: DuePumped, readAt: number): Promise<void> {
    if (!this.#mayAct()) return this.#release(deliveryId, 0);
    const { engine, modes, metrics } = this.#deps;
    modes.addLoad(1, Date.now());
    const late = lateMs + performance.now() - readAt;
    const isTooLate = () => !this.#lease.isFresh(performance.now());
    const report = await engine.attemptPumped(deliveryId, {
      relayId: this.#lease.id,
      read: () => this.#leases.read(deliveryId),
      isTooLate,
    });
    if (report.kind === 'refused' || report.kind === 'ended') metrics?.attempted(late);
    // the record ends the lease of this relay only, and meanwhile it may have been passed on to the next one
    const isPassedOn = this.#deps.inFlight.get(deliveryId) !== this.#lease.id;
    if (report.kind === 'refused') this.dueIn(deliveryId, report.retryInMs);
    const ms = report.kind === 'refused' && isPassedOn ? 0 : pauseAfter(report);
    if (ms !== null) await this.#release(deliveryId, ms);
  }

  /**
   * Never rejects. If PostgreSQL is away, the lease is kept: this relay takes it again, or another one when this one has
   * ended. Until it is released, the delivery counts as in flight, so that this relay does not lease it again.
   */
  async #release(deliveryId: string, ms: number): Promise<void> {
    const relayId = this.#deps.inFlight.get(deliveryId) ?? this.#lease.id;
    await this.#leases.release({ deliveryId, relayId, pauseMs: ms }).catch((error) => this.#warn(error, deliveryId));
    this.dueIn(deliveryId, ms);
  }

  #mayAct(): boolean {
    return !this.#stopped && this.#lease.isFresh(performance.now());
  }

  #warn(error: unknown, deliveryId: string): void {
    this.#deps.log.warn({ err: error, deliveryId, relayId: this.#lease.id }, 'pump.not_attempted');
  }
}

/** How long a delivery waits that was leased and not attempted. Null: its lease is over. */
function pauseAfter(report: Awaited<ReturnType<Engine['attemptPumped']>>): number | null {
  if (report.kind === 'refused') return null;
  if (report.kind === 'wait') return report.ms;
  if (report.kind === 'fault') return Math.min(pauseMs * 2 ** report.faults, longestPauseMs);
  if (report.kind === 'joined' || isUnderWay(report.state.status)) return pauseMs;
  // its event is gone, or the lease was lost
  return report.state.status === 'expired' ? longestPauseMs : null;
}
