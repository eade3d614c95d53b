// What this process knows of lanes that others opened, and the lanes that it opens itself: for endpoints that refuse too much, or get more than they take.
// Nothing is sent to an endpoint that parks but by its lane, so what is known here must be of the last seconds (`isFresh`).
//
// What if a lane closes and a list says so too late? Somebody parks without need, and wakes the lane. And the other way round? An attempt or two more.
import { setTimeout as delay } from 'node:timers/promises';
import { longestSuspectedMs, readWatched } from '#db/endpoints/endpoint-health';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { OpenedCircuit } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import { circuitTimes, type Failures, forgiven, opened as openedCircuit } from '#domain/circuit';
import type { LaneReason } from '#domain/lane';
import { type SendResult, signOf } from '#domain/outcome';
import type { Logger } from '#runtime/logger';
import { createFailureCount } from './failure-count.ts';

const everyMs = 1_000;
const freshForMs = 3_000;
const minuteMs = 60_000;

export interface LaneWatch {
  /** Everybody parks for this endpoint now: by the list read each second, or because this process opened its lane. */
  parks(endpointId: string): boolean;
  /** An attempt outside any lane, with an event of this type, ended so. */
  recordOutcome(asked: AskedEndpoint, type: string, result: Pick<SendResult, 'outcome' | 'response'>): void;
  /** More waits for it than its places serve: opens its lane; from now on parks() is true. Resolves when the lane is open, rejects when the store is away. */
  overCap(endpointId: string): Promise<void>;
  /** What is known here is at most 3 s old: no first attempt starts otherwise. */
  isFresh(): boolean;
  /** Resolves when nothing of it is under way. */
  stop(): Promise<void>;
}

export interface LaneWatchDeps {
  db: Db;
  /** For the look each second: no first attempt starts without it, so it waits for nothing else. */
  lease: Db;
  waker: { open(endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<void> };
  log: Logger;
  /** An endpoint that has refused everything for so long gets a lane, which disables it when it refuses once more; left out: never. */
  disableAfterMs?: number;
  /** The monotonic clock. */
  now?: () => number;
}

interface Opening {
  /** Rejects when the store is away. */
  done: Promise<void>;
  /** The commit was acknowledged then; a list asked for later knows better. */
  openAtMs: number;
}

export function createLaneWatch(deps: LaneWatchDeps): LaneWatch {
  const { db, lease, waker, log, disableAfterMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = deps;
  const stopping = new AbortController();
  const count = createFailureCount(db, disableAfterMs, now);
  const openings = new Map<string, Opening>();
  let listed: ReadonlySet<string> = new Set();
  let listedAtMs = Number.NEGATIVE_INFINITY;
  let telling: Promise<void> | undefined;

  const parks = (endpointId: string) => listed.has(endpointId) || openings.has(endpointId);

  async function look(): Promise<void> {
    const askedAtMs = now();
    // whoever looks each second learns of every suspect within a minute; at first, and after a time without answers, of all that there may be
    const { parking, suspects } = await readWatched(lease, askedAtMs - listedAtMs < minuteMs / 2 ? minuteMs : longestSuspectedMs);
    listed = parking;
    listedAtMs = askedAtMs;
    for (const [id, { openAtMs }] of openings) if (openAtMs < askedAtMs) openings.delete(id);
    count.learn(suspects);
    for (const id of parking) count.forget(id);
  }

  async function tell(): Promise<void> {
    for (const { failures, ...asked } of await count.share()) openFailing(asked, failures);
  }

  function openFailing({ endpointId, targetVersion }: AskedEndpoint, failures: Failures): void {
    if (parks(endpointId)) return;
    const circuit = { ...openedCircuit(Date.now(), circuitTimes), failures: forgiven(failures) };
    open(endpointId, 'failing', { circuit, targetVersion }).catch((error) => log.warn({ err: error, endpointId }, 'lane.not_opened'));
  }

  function open(endpointId: string, reason: LaneReason, opened?: OpenedCircuit): Promise<void> {
    const begun = openings.get(endpointId);
    if (begun) return begun.done;
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
      tellOnce();
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** However long a row of the count is locked, lanes are read meanwhile. */
  function tellOnce(): void {
    telling ??= tell()
      .catch((error) => log.warn({ err: error }, 'failures.not_counted'))
      .finally(() => {
        telling = undefined;
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
    isFresh: () => now() - listedAtMs <= freshForMs,
    async stop() {
      stopping.abort();
      await watching;
      await telling;
      await Promise.allSettled([...openings.values()].map(({ done }) => done));
    },
  };
}
