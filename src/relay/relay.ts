// The relay: dispatches accepted events from the outbox to Temporal, and sweeps overdue work.
// It renews a lease in PostgreSQL every second. When the lease is lost it is fenced: it drops its
// queue and starts again under a new id. Another relay takes over the rows of an expired lease.
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnedEvent } from '#db/events/outbox';
import { registerRelay, releaseDeadRelays, renewRelay } from '#db/events/relays';
import { createModeSwitch, type DispatchMode } from '#domain/dispatch-mode';
import { usualTimings } from '#domain/timings';
import { newId } from '#runtime/new-id';
import { inBackground } from './background.ts';
import { createEndpointCache } from './endpoint-cache.ts';
import { leave } from './leave.ts';
import type { RelayDeps } from './relay-deps.ts';
import { openRelayLease, type RelayLease } from './relay-lease.ts';
import { createSweep } from './sweep.ts';
import { createTaker } from './taker.ts';

const releasedAtOnce = 1_000;

export interface Relay {
  /** The id of the current lease. Null: there is no lease that may act. */
  id(): string | null;
  /**
   * Announces events about to be committed and returns the owner's id for their rows, `id()`. Until `settle` the relay
   * skips them.
   */
  expect(eventIds: string[]): string | null;
  /**
   * Hands over `owned`, accepted under `relayId`, and ends the announcement of `eventIds`. Ignored if that lease has
   * ended.
   */
  settle(relayId: string, eventIds: string[], owned: OwnedEvent[]): void;
  /** Checks now for outbox rows without an owner. */
  look(): void;
  /** Sweeps now, because deliveries may have become due. */
  sweepSoon(): void;
  /** The current dispatch mode, and how many events wait in memory. */
  status(): { mode: DispatchMode; waiting: number };
  /** Ends the lease. Its rows are released; those with requests in flight only when these are recorded. */
  stop(): Promise<void>;
}

/**
 * A lease ends for good when its row is gone, or 3 s after its last successful renewal was sent: nothing more is done
 * under its id. Other relays delete a relay that was not renewed for 5 s and release its rows. A relay does this, and
 * takes rows, only after 5 s of unbroken renewals, so that a relay with an unstable connection takes nothing.
 */
export function createRelay(deps: RelayDeps): Relay {
  const { db, lease, reads, starter, log, waker, drainHere, timings = usualTimings } = deps;
  const { renewEveryMs, fencedAfterMs, expiresAfterMs } = timings.relay;
  const cache = createEndpointCache(lease, reads, timings.relay);
  const modes = createModeSwitch(deps.dispatch, { calmAfterMs: timings.relay.calmAfterMs });
  const stopping = new AbortController();
  const sweep = createSweep({ db, starter, waker, drainHere, log, timings });
  const steady = () => (relayLease?.isSteady() && !stopping.signal.aborted ? relayLease : undefined);
  const taker = createTaker({ db, log, who: steady });
  // a separate job, so that a slow re-read of changed tenants does not delay the check every second
  const changed = inBackground(cache.readChanged, (error) => log.warn({ err: error }, 'relay.cache_not_refreshed'));
  const changes = inBackground(
    () => cache.lookForChanges().then(changed.soon),
    (error) => log.warn({ err: error }, 'relay.cache_not_refreshed'),
  );
  const releasing = inBackground(releaseDead, (error) => log.warn({ err: error }, 'relay.dead_not_released'));
  let relayLease: RelayLease | undefined;
  let sweeping: Promise<void> | undefined;
  let wake = new AbortController();
  const status = () => ({ mode: modes.mode(Date.now()), waiting: relayLease?.waiting() ?? 0 });

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      relayLease ??= await begin();
      if (relayLease?.isFresh()) await renew(relayLease);
      if (relayLease && !relayLease.isFresh()) fence(relayLease);
      if (relayLease) {
        sweepOnce(relayLease);
        changes.soon();
        releasing.soon();
        taker.soon();
      }
      await pause();
    }
  }

  async function begin(): Promise<RelayLease | undefined> {
    const id = newId('rly');
    const beganAt = performance.now();
    try {
      await registerRelay(lease, id, deps.processName);
    } catch (error) {
      log.warn({ err: error }, 'relay.not_registered');
      return undefined;
    }
    log.info({ relayId: id }, 'relay.begun');
    return openRelayLease(id, beganAt, { ...deps, timings, cache, modes, onRoom: () => taker.soon() });
  }

  async function renew(of: RelayLease): Promise<void> {
    const sentAt = performance.now();
    // the lease has expired by then
    const tooLate = delay(fencedAfterMs, 'too late' as const, { signal: stopping.signal }).catch(() => 'too late' as const);
    const renewed = await Promise.race([renewRelay(lease, of.id, status(), expiresAfterMs).catch((error: Error) => error), tooLate]);
    if (renewed === true) of.renewed(sentAt);
    else if (renewed === false) of.lost();
    else if (!stopping.signal.aborted) log.warn({ err: renewed, relayId: of.id }, 'relay.not_renewed');
  }

  /**
   * Does not tell PostgreSQL, and does not wait for work in progress: that can only move rows that still belong to this
   * relay.
   */
  function fence(ended: RelayLease): void {
    relayLease = undefined;
    log.warn({ relayId: ended.id }, 'relay.fenced');
    void ended.end();
  }

  /** Releases the rows of dead relays. All relays then take their share of them. */
  async function releaseDead(): Promise<void> {
    while (steady() && (await releaseDeadRelays(db, releasedAtOnce, expiresAfterMs)) > 0) taker.soon();
  }

  /** Runs beside the main loop, so that a slow Temporal does not delay the taking of rows. */
  function sweepOnce(of: RelayLease): void {
    sweeping ??= sweep
      .ifDue(() => of.departures.recheck())
      .catch((error) => log.warn({ err: error, relayId: of.id }, 'relay.sweep_failed'))
      .finally(() => {
        sweeping = undefined;
      });
  }

  async function pause(): Promise<void> {
    wake = new AbortController();
    await delay(renewEveryMs, undefined, { signal: AbortSignal.any([wake.signal, stopping.signal]) }).catch(() => undefined);
  }

  const ended = run();

  return {
    id: () => (relayLease?.isFresh() ? relayLease.id : null),
    expect(eventIds) {
      if (!relayLease?.isFresh()) return null;
      relayLease.departures.expect(eventIds);
      return relayLease.id;
    },
    settle(relayId, eventIds, owned) {
      if (relayLease?.id === relayId && relayLease.isFresh()) relayLease.departures.settle(eventIds, owned);
    },
    look: () => taker.soon(),
    status,
    sweepSoon() {
      sweep.soon();
      wake.abort();
    },
    async stop() {
      stopping.abort();
      sweep.stop();
      await ended;
      const last = relayLease;
      if (last) {
        const renew = () => renewRelay(lease, last.id, status(), expiresAfterMs);
        await leave({
          db,
          log,
          relayId: last.id,
          ended: last.end(),
          taken: taker.idle(),
          eventsUnderWay: last.eventsUnderWay,
          renew,
          renewEveryMs,
        });
      }
      await Promise.all([taker.idle(), releasing.idle(), changes.idle().then(changed.idle), sweeping]);
    },
  };
}
