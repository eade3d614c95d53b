// Lists the endpoints that only their lane may send to, and opens lanes for endpoints that fail or
// get more than they take. Reads the list each second; first attempts need one at most 3 s old.
// A late list costs an unneeded park, which wakes the lane, or one or two more attempts.
import { setTimeout as delay } from 'node:timers/promises';
import { longestSuspectedMs, readWatched } from '#db/endpoints/endpoint-health';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { OpenedCircuit } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import { type Failures, forgiven, opened as openedCircuit } from '#domain/circuit';
import type { LaneReason } from '#domain/lane';
import { type SendResult, signOf } from '#domain/outcome';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { createFailureCount } from './failure-count.ts';

const minuteMs = 60_000;

export interface LaneWatch {
  /** Deliveries for this endpoint must be parked: it is on the list, or this process opened its lane. */
  parks(endpointId: string): boolean;
  /** Counts the outcome of an attempt outside of a lane, with an event of this type. */
  recordOutcome(asked: AskedEndpoint, type: string, result: Pick<SendResult, 'outcome' | 'response'>): void;
  /**
   * Opens the lane of an endpoint whose slots cannot serve all that waits. parks() is true from now on. Resolves when
   * the lane is open. Rejects when PostgreSQL is away.
   */
  overCap(endpointId: string): Promise<void>;
  /** The list is at most 3 s old. No first attempt starts otherwise. */
  isFresh(): boolean;
  /** Resolves when no query of the watch runs any more. */
  stop(): Promise<void>;
}

export interface LaneWatchDeps {
  db: Db;
  /** A connection for reading the list: first attempts depend on it, so it must not wait for other queries. */
  lease: Db;
  waker: { open(endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<void> };
  log: Logger;
  /**
   * An endpoint that has accepted nothing for so long gets a lane, which disables it at its next failure. Default:
   * never.
   */
  disableAfterMs?: number;
  /** Default: the usual ones. */
  timings?: Timings['lanes'];
  /** The monotonic clock. */
  now?: () => number;
}

interface Opening {
  /** Rejects when PostgreSQL is away. */
  done: Promise<void>;
  /** When the commit was acknowledged. A list requested later includes it. */
  openAtMs: number;
}

export function createLaneWatch(deps: LaneWatchDeps): LaneWatch {
  const { db, lease, waker, log, disableAfterMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = deps;
  const { listEveryMs, listFreshForMs, circuit: circuitTimes } = deps.timings ?? usualTimings.lanes;
  const stopping = new AbortController();
  const count = createFailureCount(db, disableAfterMs, now);
  const openings = new Map<string, Opening>();
  let listed: ReadonlySet<string> = new Set();
  let listedAtMs = Number.NEGATIVE_INFINITY;
  let sharing: Promise<void> | undefined;

  const parks = (endpointId: string) => listed.has(endpointId) || openings.has(endpointId);

  async function look(): Promise<void> {
    const askedAtMs = now();
    // Reading each second, a process needs only the suspects of the last minute. The first time, and after a gap, it
    // reads all of them.
    const { parking, suspects } = await readWatched(lease, askedAtMs - listedAtMs < minuteMs / 2 ? minuteMs : longestSuspectedMs);
    listed = parking;
    listedAtMs = askedAtMs;
    for (const [id, { openAtMs }] of openings) if (openAtMs < askedAtMs) openings.delete(id);
    count.learn(suspects);
    for (const id of parking) count.forget(id);
  }

  async function shareCounts(): Promise<void> {
    for (const { failures, ...asked } of await count.share()) openFailing(asked, failures);
  }

  function openFailing({ endpointId, targetVersion }: AskedEndpoint, failures: Failures): void {
    if (parks(endpointId)) return;
    const circuit = { ...openedCircuit(Date.now(), circuitTimes), failures: forgiven(failures) };
    open(endpointId, 'failing', { circuit, targetVersion }).catch((error) => log.warn({ err: error, endpointId }, 'lane.not_opened'));
  }

  function open(endpointId: string, reason: LaneReason, opened?: OpenedCircuit): Promise<void> {
    const known = openings.get(endpointId);
    if (known) return known.done;
    const opening: Opening = { openAtMs: Number.POSITIVE_INFINITY, done: waker.open([endpointId], reason, opened) };
    openings.set(endpointId, opening);
    opening.done.then(
      () => {
        opening.openAtMs = now();
        count.forget(endpointId);
        log.info({ endpointId, reason }, 'lane.opened');
      },
      () => openings.delete(endpointId),
    );
    return opening.done;
  }

  async function watch(): Promise<void> {
    let failed = false;
    while (!stopping.signal.aborted) {
      await look().then(
        () => {
          failed = false;
        },
        (error) => {
          if (!failed) log.warn({ err: error }, 'lanes.not_read');
          failed = true;
        },
      );
      shareOnce();
      await delay(listEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** Does not wait: a lock on a row of the count must not delay reading the list. */
  function shareOnce(): void {
    sharing ??= shareCounts()
      .catch((error) => log.warn({ err: error }, 'failures.not_counted'))
      .finally(() => {
        sharing = undefined;
      });
  }

  const watching = watch();

  return {
    parks,
    recordOutcome({ endpointId, targetVersion }, type, result) {
      if (parks(endpointId)) return;
      const asked = { endpointId, targetVersion };
      const failures = count.recordOutcome(asked, type, signOf(result));
      if (failures) openFailing(asked, failures);
    },
    async overCap(endpointId) {
      if (!listed.has(endpointId)) await open(endpointId, 'cap');
    },
    isFresh: () => now() - listedAtMs <= listFreshForMs,
    async stop() {
      stopping.abort();
      await watching;
      await sharing;
      await Promise.allSettled([...openings.values()].map(({ done }) => done));
    },
  };
}
