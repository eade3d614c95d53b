// The relay: moves accepted events from the outbox to their endpoints and to Temporal, and sweeps overdue work.
// It renews a lease in PostgreSQL every second. When the lease is lost it is fenced: it drops its
// queue and starts again under a new id. Another relay takes over the rows of an expired lease.
import type { OwnedEvent } from '#db/events/outbox';
import { type RelayChores, type RelayFacts, releaseDeadRelays, renewRelay } from '#db/events/relays';
import type { LaneRef } from '#db/lanes/lanes';
import type { DispatchMode } from '#domain/events/dispatch-mode';
import { pause } from '#runtime/pause';
import { type Background, inBackground } from './background.ts';
import { createEndpointCache, type EndpointCache } from './endpoint-cache.ts';
import { LeasedWork } from './leased-work.ts';
import { leave } from './leave.ts';
import type { PumpedInFlight } from './pump.ts';
import { inherit, register, renew } from './registration.ts';
import type { RelayDeps } from './relay-deps.ts';
import { Sweep } from './sweep.ts';

const releasedAtOnce = 1_000;
/** Rows whose owner is no relay any more, because its release was interrupted, are looked for this often. */
const releaseEveryMs = 10_000;
/** Rows of this relay that it was never given, because their commit got no answer, too. */
const readEveryMs = 10_000;

/**
 * A lease ends for good when its row is gone, or 3 s after its last successful renewal was sent: nothing more is done
 * under its id. Other relays delete a relay that was not renewed for 5 s and release its rows. A relay does this, and
 * takes rows, only after 5 s of unbroken renewals, so that a relay with an unstable connection takes nothing.
 */
export class Relay {
  readonly #deps: RelayDeps;
  readonly #cache: EndpointCache;
  readonly #sweep: Sweep;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  // a separate job, so that a slow re-read of changed tenants does not delay the check every second
  readonly #changed: Background;
  readonly #changes: Background;
  readonly #releasing: Background;
  readonly #lanes: Background;
  readonly #left: Background;
  /** Statements of ended leases that still take rows. */
  readonly #taking = new Set<Promise<void>>();
  /** Outlives leases: attempts of an ended lease go on. */
  readonly #pumped: PumpedInFlight = new Map();
  readonly #hasBegun = Promise.withResolvers<void>();
  #leased: LeasedWork | undefined;
  #sweeping: Promise<void> | undefined;
  #wake = new AbortController();
  #releaseAt = 0;
  #readAt = 0;

  constructor(deps: RelayDeps) {
    const { db, lease, reads, starter, waker, lanesHere, modes, log, timings, reached } = deps;
    const cache = createEndpointCache(lease, reads, timings.relay);
    const warn = (text: string) => (error: unknown) => log.warn({ err: error }, text);
    this.#deps = deps;
    this.#cache = cache;
    const here = { drainHere: (lane: LaneRef) => lanesHere.drain(lane), mayWake: (lane: LaneRef) => lanesHere.mayWake(lane) };
    this.#sweep = new Sweep({ db, lease, starter, waker, ...here, modes, log, timings, reached });
    this.#changed = inBackground(() => cache.readChanged(), warn('relay.cache_not_refreshed'));
    this.#changes = inBackground(() => cache.lookForChanges().then(this.#changed.soon), warn('relay.cache_not_refreshed'));
    this.#releasing = inBackground(() => this.#releaseDead(), warn('relay.dead_not_released'));
    this.#lanes = inBackground(() => lanesHere.look(), warn('relay.lanes_not_read'));
    this.#left = inBackground(() => lanesHere.wakeLeft(this.#stopping.signal), warn('relay.left_lanes_not_woken'));
    this.#ended = this.#run();
  }

  /** Resolves when it has its first lease, or could not get one. */
  get begun(): Promise<void> {
    return this.#hasBegun.promise;
  }

  /** The id of the current lease. Null: there is no lease that may act. */
  id(): string | null {
    return this.#acting()?.lease.id ?? null;
  }

  /**
   * Announces events about to be committed and returns the owner's id for their rows, `id()`. The relay skips them until
   * `takeCommitted`.
   */
  expect(eventIds: string[]): string | null {
    this.#acting()?.flow.expect(eventIds);
    return this.id();
  }

  /**
   * Passes on `owned`, accepted under `relayId`, and ends the announcement of `eventIds`. Ignored if that lease has
   * ended.
   */
  takeCommitted(relayId: string, eventIds: string[], owned: OwnedEvent[]): void {
    const leased = this.#acting();
    if (leased?.lease.id === relayId) leased.flow.takeCommitted(eventIds, owned);
  }

  /** Checks now for outbox rows without an owner. */
  look(): void {
    if (this.#isSteady()) this.#leased?.flow.takeSoon();
  }

  /** Looks now for deliveries without a workflow that are due. */
  pumpSoon(): void {
    this.#acting()?.pump.lookSoon();
  }

  /** A delivery without a workflow, recorded in this process, is due in so many milliseconds. */
  pumpIn(deliveryId: string, ms: number): void {
    this.#acting()?.pump.dueIn(deliveryId, ms);
  }

  /** Sweeps now, because deliveries may have become due. */
  sweepSoon(): void {
    this.#sweep.soon();
    this.#readAt = 0;
    this.#wake.abort();
  }

  status(): RelayFacts & { mode: DispatchMode } {
    const { temporalTrouble, modes } = this.#deps;
    return { mode: modes.mode(Date.now()), waiting: this.#leased?.flow.waiting() ?? 0, temporalError: temporalTrouble() };
  }

  /** Ends the lease. Its rows are released; those with requests in flight only when these are recorded. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#sweep.stop();
    await this.#ended;
    if (this.#leased) await this.#leave(this.#leased);
    await Promise.all([
      ...this.#taking,
      this.#releasing.idle(),
      this.#lanes.idle(),
      this.#left.idle(),
      this.#changes.idle().then(this.#changed.idle),
      this.#sweeping,
    ]);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#leased ??= await this.#begin();
      this.#hasBegun.resolve();
      const lease = this.#acting()?.lease;
      const chores = lease ? await renew(this.#deps, lease, this.status(), this.#stopping.signal) : null;
      if (this.#leased && !this.#acting()) this.#fence(this.#leased);
      if (this.#leased) {
        if (this.#cache.isDue()) this.#changes.soon();
        this.#leased.pump.lookIfSteady();
        if (chores) this.#do(chores, this.#leased);
      }
      await this.#pause();
    }
  }

  #do({ orphans, owned, expired, sweeps }: RelayChores, { flow, lease }: LeasedWork): void {
    const now = performance.now();
    if (orphans) this.look();
    if (expired || now >= this.#releaseAt) {
      this.#releaseAt = now + releaseEveryMs;
      this.#releasing.soon();
    }
    if (owned && now >= this.#readAt) {
      this.#readAt = now + readEveryMs;
      flow.readSoon();
    }
    if (!sweeps) return;
    this.#sweepOnce(lease.id);
    const { lanesHere } = this.#deps;
    if (lanesHere.isDue()) this.#lanes.soon();
    else if (lanesHere.mayHaveLeft()) this.#left.soon();
  }

  async #begin(): Promise<LeasedWork | undefined> {
    const lease = await register(this.#deps, this.#pumped);
    if (!lease) return undefined;
    const work = new LeasedWork(lease, { ...this.#deps, cache: this.#cache }, this.#pumped);
    inherit(this.#deps, lease).then(
      (gone) => gone && work.takeOver(),
      (error) => this.#deps.log.warn({ err: error, relayId: lease.id }, 'relay.not_inherited'),
    );
    return work;
  }

  /**
   * Does not tell PostgreSQL, and does not wait for work in progress: that can only move rows that still belong to this
   * relay.
   */
  #fence(leased: LeasedWork): void {
    const { lease, flow } = leased;
    this.#leased = undefined;
    this.#deps.log.warn({ relayId: lease.id }, 'relay.fenced');
    void leased.stop();
    const taken = flow.taken().then(() => void this.#taking.delete(taken));
    this.#taking.add(taken);
  }

  /** Renews the lease meanwhile. */
  async #leave(leased: LeasedWork): Promise<void> {
    const { lease, flow } = leased;
    const { db, log } = this.#deps;
    const ended = leased.stop();
    const { renewEveryMs, expiresAfterMs } = this.#deps.timings.relay;
    const renew = () => renewRelay(this.#deps.lease, lease.id, { ...this.status(), mode: null }, expiresAfterMs);
    await leave({
      db,
      log,
      relayId: lease.id,
      ended,
      taken: flow.taken(),
      eventsInFlight: () => flow.eventsInFlight(),
      renew,
      renewEveryMs,
    });
  }

  /** Releases the rows of dead relays. All relays then take their share of them; this one also their pumped deliveries. */
  async #releaseDead(): Promise<void> {
    const { expiresAfterMs } = this.#deps.timings.relay;
    for (let more = true; more && this.#isSteady(); ) {
      const { released, ended } = await releaseDeadRelays(this.#deps.db, releasedAtOnce, expiresAfterMs);
      more = released > 0;
      if (more) this.look();
      if (ended > 0) this.pumpSoon();
    }
  }

  /** Runs beside the main loop, so that a slow Temporal does not delay the taking of rows. */
  #sweepOnce(relayId: string): void {
    const sweep = this.#sweeping === undefined ? this.#sweep.takeDue() : null;
    if (!sweep) return;
    this.#sweeping = sweep()
      .catch((error) => this.#deps.log.warn({ err: error, relayId }, 'relay.sweep_failed'))
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  async #pause(): Promise<void> {
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, this.#stopping.signal]);
    await pause(this.#deps.timings.relay.renewEveryMs, signal);
  }

  /** The current lease, while it may act. */
  #acting(): LeasedWork | undefined {
    return this.#leased?.lease.isFresh(performance.now()) ? this.#leased : undefined;
  }

  #isSteady(): boolean {
    return !this.#stopping.signal.aborted && (this.#leased?.lease.isSteady(performance.now()) ?? false);
  }
}
