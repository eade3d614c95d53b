// A term of a relay: what it does under one id, from its registration until it ends for good.
import type { FirstAttempter } from '#attempts/first-attempter';
import type { ModeSwitch } from '#domain/dispatch-mode';
import type { EndpointCache } from './endpoint-cache.ts';
import { createEventRouter, type EventRouter } from './event-router.ts';
import { createHandOver, type HandOver } from './hand-over.ts';
import type { RelayDeps } from './relay-deps.ts';

const fencedAfterMs = 3_000;
const steadyAfterMs = 5_000;

export interface RelayLease {
  id: string;
  /** A renewal that succeeded was sent then. */
  renewed(sentAt: number): void;
  /** There is no row of it any more: it must never act again. */
  lost(): void;
  /** It may act: its last renewal was sent less than 3 s ago. */
  isFresh(): boolean;
  /** It may take rows of others: it was renewed for 5 s without a break. */
  isSteady(): boolean;
  waiting(): number;
  departures: EventRouter;
  /** The events of which first attempts are under way. */
  eventsUnderWay(): string[];
  /** Drops what waits; resolves when what was begun has ended and is recorded. */
  end(): Promise<void>;
}

export interface RelayLeaseDeps
  extends Pick<
    RelayDeps,
    'db' | 'starter' | 'log' | 'parking' | 'watch' | 'dispatch' | 'dispatchesPerSecond' | 'openFirstAttempter' | 'metrics' | 'reached'
  > {
  cache: EndpointCache;
  modes: ModeSwitch;
  /** A tenant of which enough waited has room again. */
  onRoom(): void;
}

/** `beganAt`: when its registration was sent. */
export function openRelayLease(id: string, beganAt: number, deps: RelayLeaseDeps): RelayLease {
  const { db, log, cache, modes, parking, watch, dispatch, openFirstAttempter, onRoom } = deps;
  let renewedAt = beganAt;
  const isFresh = () => performance.now() - renewedAt < fencedAfterMs;
  const firstAttempter: FirstAttempter = openFirstAttempter();
  const handOver: HandOver = createHandOver({
    ...deps,
    relayId: id,
    mayAct: isFresh,
    mayGoAhead: dispatch !== 'individual',
    isPaced: dispatch === 'adaptive',
    isBatched: () => modes.mode(Date.now()) === 'batched',
    onGone: (eventIds) => departures.gone(eventIds),
    onTemporal: (away) => modes.setTemporalAway(away),
    onBack: () => departures.recheck(),
  });
  const departures: EventRouter = createEventRouter({
    db,
    cache,
    firstAttempter,
    parking,
    watch,
    handOver,
    modes,
    log,
    relayId: id,
    mayAct: isFresh,
    onRoom,
  });
  return {
    id,
    renewed(sentAt) {
      // an answer that came too late does not bring the term back
      if (isFresh()) renewedAt = sentAt;
    },
    lost() {
      renewedAt = Number.NEGATIVE_INFINITY;
    },
    isFresh,
    isSteady: () => isFresh() && performance.now() - beganAt >= steadyAfterMs,
    waiting: () => handOver.waiting() + firstAttempter.waiting(),
    departures,
    eventsUnderWay: () => firstAttempter.eventsUnderWay(),
    async end() {
      departures.stop();
      await Promise.all([firstAttempter.stop(), handOver.stop()]);
    },
  };
}
