// A relay: takes accepted events from the outbox to Temporal, and looks after what got stuck (design, decision 4).
//
// It lives in terms. In a term it renews itself in PostgreSQL every second; no row there, or 3 s since the last successful renewal was sent, ends
// the term for good: its queue is dropped, nothing more is done under its id, and a new term begins under a new one. Others take the rows of a
// relay that was not seen for 5 s; a term takes rows itself only after 5 s of unbroken renewals, so that one that comes and goes takes nothing.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstAttempter } from '../attempts/first-attempter.ts';
import type { Reached } from '../checkpoints.ts';
import { type OwnedEvent, takeOutboxRows } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import { registerRelay, renewRelay } from '../db/relays.ts';
import { createModeSwitch, type DispatchMode, type DispatchSetting } from '../domain/dispatch-mode.ts';
import type { Logger } from '../logger.ts';
import { newId } from '../new-id.ts';
import type { Starter } from '../temporal/starter.ts';
import { createDepartures, type Departures } from './departures.ts';
import { createEndpointCache } from './endpoint-cache.ts';
import { createHandOver, type HandOver } from './hand-over.ts';
import { leave } from './leave.ts';
import { createSweep } from './sweep.ts';

const renewEveryMs = 1_000;
const fencedAfterMs = 3_000;
const steadyAfterMs = 5_000;
const takeLimit = 250;

export interface Relay {
  /** Whose id goes on rows that this process accepts now; null: nobody's. */
  id(): string | null;
  /** Rows accepted under `relayId`; those of an ended term are left to whoever takes them. */
  offer(relayId: string, rows: OwnedEvent[]): void;
  /** Rows of nobody may be there: look now. */
  look(): void;
  /** Deliveries may have become due: sweep now. */
  sweepSoon(): void;
  /** How events leave now, and how many wait in memory. */
  status(): { mode: DispatchMode; waiting: number };
  /** Ends the term: its rows go back to nobody, those with requests under way when these are recorded. */
  stop(): Promise<void>;
}

export interface RelayDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  /** Names this process to operators, such as host and pid. */
  processName: string;
  dispatch: DispatchSetting;
  dispatchesPerSecond: number;
  /** One for each term: what it makes ahead ends with it. */
  openFirstAttempter(): FirstAttempter;
  reached?: Reached;
}

interface Term {
  id: string;
  startedAt: number;
  /** When the last renewal that succeeded was sent. */
  renewedAt: number;
  handOver: HandOver;
  departures: Departures;
  firstAttempter: FirstAttempter;
}

export function createRelay(deps: RelayDeps): Relay {
  const { db, starter, log, processName, dispatch, dispatchesPerSecond, openFirstAttempter, reached } = deps;
  const cache = createEndpointCache(db);
  const modes = createModeSwitch(dispatch);
  const stopping = new AbortController();
  const sweep = createSweep({ db, starter, log });
  let term: Term | undefined;
  let looking: Promise<void> | undefined;
  let sweeping: Promise<void> | undefined;
  let wake = new AbortController();

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      term ??= await begin();
      if (term && isFresh(term)) await renew(term);
      if (term && !isFresh(term)) fence(term);
      if (term) look(term);
      await pause();
    }
  }

  async function begin(): Promise<Term | undefined> {
    const id = newId('rly');
    const now = performance.now();
    try {
      await registerRelay(db, id, processName);
    } catch (error) {
      log.warn({ err: error }, 'relay.not_registered');
      return undefined;
    }
    log.info({ relayId: id }, 'relay.begun');
    const mayAct = () => isFresh(begun);
    const firstAttempter = openFirstAttempter();
    const handOver = createHandOver({
      db,
      starter,
      log,
      relayId: id,
      dispatchesPerSecond,
      mayAct,
      onGone: (eventIds) => begun.departures.gone(eventIds),
      onTemporal: (away) => modes.setTemporalAway(away),
      goAhead: (events) => dispatch !== 'individual' && begun.departures.couldGoAhead(events),
      onBack: (events) => begun.departures.add(events.map((event) => ({ ...event, seconds: true }))),
      reached,
    });
    const departures = createDepartures({ db, cache, firstAttempter, handOver, modes, log, relayId: id, mayAct });
    const begun: Term = { id, startedAt: now, renewedAt: now, handOver, departures, firstAttempter };
    return begun;
  }

  function isFresh({ renewedAt }: Term): boolean {
    return performance.now() - renewedAt < fencedAfterMs;
  }

  async function renew(of: Term): Promise<void> {
    const sentAt = performance.now();
    const tooLate = delay(fencedAfterMs, 'too late' as const, { signal: stopping.signal }).catch(() => 'too late' as const);
    const renewed = await Promise.race([renewRelay(db, of.id).catch((error: Error) => error), tooLate]);
    // an answer that came too late does not bring the term back
    if (typeof renewed === 'boolean') of.renewedAt = renewed && isFresh(of) ? sentAt : Number.NEGATIVE_INFINITY;
    else log.warn({ err: renewed, relayId: of.id }, 'relay.not_renewed');
  }

  /** Nothing is told to PostgreSQL, and what is under way is not waited for: it can only move rows that are still this relay's. */
  function fence(ended: Term): void {
    term = undefined;
    log.warn({ relayId: ended.id }, 'relay.fenced');
    void endTerm(ended);
  }

  /** Drops what waits; resolves when what was begun has ended and is recorded. */
  async function endTerm({ departures, firstAttempter, handOver }: Term): Promise<void> {
    departures.stop();
    await Promise.all([firstAttempter.stop(), handOver.stop()]);
  }

  /** In the background: however long it takes, renewals go on. */
  function look(of: Term): void {
    sweepOnce(of);
    looking ??= takeRows(of)
      .catch((error) => log.warn({ err: error, relayId: of.id }, 'relay.look_failed'))
      .finally(() => {
        looking = undefined;
      });
  }

  async function takeRows(of: Term): Promise<void> {
    await cache.refresh();
    if (performance.now() - of.startedAt < steadyAfterMs) return;
    for (let taken = takeLimit; taken === takeLimit && isFresh(of) && !stopping.signal.aborted && !of.departures.isFull(); ) {
      const events = await takeOutboxRows(db, of.id, takeLimit);
      taken = events.length;
      if (isFresh(of)) of.departures.add(events);
    }
  }

  /** However slow Temporal is, rows are taken meanwhile. */
  function sweepOnce(of: Term): void {
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
    id: () => (term && isFresh(term) ? term.id : null),
    offer(relayId, rows) {
      if (term?.id === relayId && isFresh(term)) term.departures.add(rows);
    },
    look: () => wake.abort(),
    status: () => ({ mode: modes.mode(Date.now()), waiting: (term?.handOver.waiting() ?? 0) + (term?.firstAttempter.waiting() ?? 0) }),
    sweepSoon() {
      sweep.soon();
      wake.abort();
    },
    async stop() {
      stopping.abort();
      sweep.stop();
      await ended;
      if (term) await leave({ db, log, relayId: term.id, ended: endTerm(term), taken: looking, firstAttempter: term.firstAttempter });
      await Promise.all([looking, sweeping]);
    },
  };
}
