// A relay: takes accepted events from the outbox to Temporal, and looks after what got stuck (design, decision 4).
//
// It lives in terms. In a term it renews itself in PostgreSQL every second; no row there, or 3 s since the last successful renewal was sent, ends
// the term for good: its queue is dropped, nothing more is done under its id, and a new term begins under a new one. Others delete a relay that was not
// seen for 5 s and release its rows; a term does so, and takes rows, only after 5 s of unbroken renewals, so that one that comes and goes takes nothing.
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnedEvent } from '#db/events/outbox';
import { registerRelay, releaseDeadRelays, renewRelay } from '#db/events/relays';
import { createModeSwitch, type DispatchMode } from '#domain/dispatch-mode';
import { newId } from '#runtime/new-id';
import { inBackground } from './background.ts';
import { createEndpointCache } from './endpoint-cache.ts';
import { leave } from './leave.ts';
import type { RelayDeps } from './relay-deps.ts';
import { openRelayLease, type RelayLease } from './relay-lease.ts';
import { createSweep } from './sweep.ts';
import { createTaker } from './taker.ts';

const renewEveryMs = 1_000;
const releasedAtOnce = 1_000;
/** No longer: the term is over by then. */
const renewWithinMs = 3_000;

export interface Relay {
  /** Of the term that may act now; null: there is none. */
  id(): string | null;
  /** Whose id goes on rows that are about to be committed: `id()`. Until `settle` the relay leaves these events to their acceptance, if it sees their rows. */
  expect(eventIds: string[]): string | null;
  /** Hands over `owned`, accepted under `relayId`, and ends the wait for all of `eventIds`. What an ended term owned is left to the relay that takes it. */
  settle(relayId: string, eventIds: string[], owned: OwnedEvent[]): void;
  /** Rows of nobody may be there: look now. */
  look(): void;
  /** Deliveries may have become due: sweep now. */
  sweepSoon(): void;
  /** How events leave now, and how many wait in memory. */
  status(): { mode: DispatchMode; waiting: number };
  /** Ends the term: its rows go back to nobody, those with requests under way when these are recorded. */
  stop(): Promise<void>;
}

export function createRelay(deps: RelayDeps): Relay {
  const { db, lease, reads, starter, log, waker, drainHere } = deps;
  const cache = createEndpointCache(lease, reads);
  const modes = createModeSwitch(deps.dispatch);
  const stopping = new AbortController();
  const sweep = createSweep({ db, starter, waker, drainHere, log });
  const steady = () => (relayLease?.isSteady() && !stopping.signal.aborted ? relayLease : undefined);
  const taker = createTaker({ db, log, who: steady });
  // however long reading what has changed takes, the others are looked at each second
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

  async function live(): Promise<void> {
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
    return openRelayLease(id, beganAt, { ...deps, cache, modes, onRoom: () => taker.soon() });
  }

  async function renew(of: RelayLease): Promise<void> {
    const sentAt = performance.now();
    const tooLate = delay(renewWithinMs, 'too late' as const, { signal: stopping.signal }).catch(() => 'too late' as const);
    const renewed = await Promise.race([renewRelay(lease, of.id, status()).catch((error: Error) => error), tooLate]);
    if (renewed === true) of.renewed(sentAt);
    else if (renewed === false) of.lost();
    else if (!stopping.signal.aborted) log.warn({ err: renewed, relayId: of.id }, 'relay.not_renewed');
  }

  /** Nothing is told to PostgreSQL, and what is under way is not waited for: it can only move rows that are still this relay's. */
  function fence(ended: RelayLease): void {
    relayLease = undefined;
    log.warn({ relayId: ended.id }, 'relay.fenced');
    void ended.end();
  }

  /** The rows of dead relays go to nobody; all relays take their share of them. */
  async function releaseDead(): Promise<void> {
    while (steady() && (await releaseDeadRelays(db, releasedAtOnce)) > 0) taker.soon();
  }

  /** However slow Temporal is, rows are taken meanwhile. */
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

  const ended = live();

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
        const renew = () => renewRelay(lease, last.id, status());
        await leave({ db, log, relayId: last.id, ended: last.end(), taken: taker.idle(), eventsUnderWay: last.eventsUnderWay, renew });
      }
      await Promise.all([taker.idle(), releasing.idle(), changes.idle().then(changed.idle), sweeping]);
    },
  };
}
