// One lease of a relay: everything it does under one id, from its registration until it is fenced.
// It acts only while its last successful renewal was sent less than 3 s ago, and never again after
// that.
import type { FirstAttempter } from '#attempts/first-attempter';
import type { ModeSwitch } from '#domain/dispatch-mode';
import type { Timings } from '#domain/timings';
import type { EndpointCache } from './endpoint-cache.ts';
import { createEventRouter, type EventRouter } from './event-router.ts';
import { createHandOver, type HandOver } from './hand-over.ts';
import type { RelayDeps } from './relay-deps.ts';

export interface RelayLease {
  id: string;
  /** Reports a successful renewal that was sent at this time (`performance.now()`). */
  renewed(sentAt: number): void;
  /** Reports that the relay's row is gone: it must never act again. */
  lost(): void;
  /** True: the last successful renewal was sent less than 3 s ago, so it may act. */
  isFresh(): boolean;
  /** True: it was renewed for 5 s without a break, so it may take rows of other relays. */
  isSteady(): boolean;
  waiting(): number;
  departures: EventRouter;
  /** The events that have first attempts in flight. */
  eventsUnderWay(): string[];
  /** Drops the waiting events. Resolves when the attempts and dispatches in progress have ended and are recorded. */
  end(): Promise<void>;
}

export interface RelayLeaseDeps
  extends Pick<
    RelayDeps,
    'db' | 'starter' | 'log' | 'parking' | 'watch' | 'dispatch' | 'dispatchesPerSecond' | 'openFirstAttempter' | 'metrics' | 'reached'
  > {
  cache: EndpointCache;
  modes: ModeSwitch;
  timings: Timings;
  /** Called when a crowded tenant has room again. */
  onRoom(): void;
}

/** `beganAt`: when the registration was sent, by `performance.now()`. */
export function openRelayLease(id: string, beganAt: number, deps: RelayLeaseDeps): RelayLease {
  const { db, log, cache, modes, parking, watch, dispatch, openFirstAttempter, onRoom } = deps;
  const { fencedAfterMs, steadyAfterMs, retryMs, rereadAfterMs } = deps.timings.relay;
  let renewedAt = beganAt;
  const isFresh = () => performance.now() - renewedAt < fencedAfterMs;
  const firstAttempter: FirstAttempter = openFirstAttempter();
  const handOver: HandOver = createHandOver({
    ...deps,
    relayId: id,
    retryMs,
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
    rereadAfterMs,
    mayAct: isFresh,
    onRoom,
  });
  return {
    id,
    renewed(sentAt) {
      // a renewal answered too late does not revive the lease
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
