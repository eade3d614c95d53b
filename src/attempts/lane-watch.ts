// Lists the endpoints that only their lane may send to, and opens lanes for endpoints that fail or
// get more than they take. Reads the list each second, or every other one while idle; first attempts need one at most 3 s old.
// A late list costs an unneeded park, which wakes the lane, or one or two more attempts.
import { setTimeout as delay } from 'node:timers/promises';
import { longestSuspectedMs, readWatched } from '#db/endpoints/endpoint-health';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { OpenedCircuit } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import { type SendResult, signOf } from '#domain/deliveries/outcome';
import { type Failures, forgiven, opened as openedCircuit } from '#domain/lanes/circuit';
import type { LaneReason } from '#domain/lanes/lane';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { FailureCount } from './failure-count.ts';

const minuteMs = 60_000;

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

/**
 * An endpoint parks while it is on the list, or while this process has *opened* its lane: from the call on, until a
 * list that was requested after the commit includes it. If opening fails, it parks no more and may be opened again.
 */
export class LaneWatch {
  readonly #deps: LaneWatchDeps;
  readonly #now: () => number;
  readonly #timings: Timings['lanes'];
  readonly #stopping = new AbortController();
  readonly #count: FailureCount;
  readonly #openings = new Map<string, Opening>();
  readonly #watching: Promise<void>;
  #listed: ReadonlySet<string> = new Set();
  #recalled: ReadonlySet<string> = new Set();
  #listedAtMs = Number.NEGATIVE_INFINITY;
  /** An attempt has needed the list, or was counted, since then. */
  #used = false;
  #sharing: Promise<void> | undefined;

  /** Begins to read the list at once. */
  constructor(deps: LaneWatchDeps) {
    const { db, disableAfterMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = deps;
    this.#deps = deps;
    this.#now = now;
    this.#timings = deps.timings ?? usualTimings.lanes;
    this.#count = new FailureCount(db, disableAfterMs, now);
    this.#watching = this.#watch();
  }

  /** Deliveries for this endpoint must be parked: it is on the list, or this process opened its lane. */
  parks(endpointId: string): boolean {
    return this.#listed.has(endpointId) || this.#openings.has(endpointId);
  }

  /** The event was recalled lately, as of the last list: no request of it may begin. */
  isRecalled(eventId: string): boolean {
    return this.#recalled.has(eventId);
  }

  /** Counts the outcome of an attempt outside of a lane, with an event of this type. */
  recordOutcome({ endpointId, targetVersion }: AskedEndpoint, type: string, result: Pick<SendResult, 'outcome' | 'response'>): void {
    this.#used = true;
    if (this.parks(endpointId)) return;
    const asked = { endpointId, targetVersion };
    const failures = this.#count.recordOutcome(asked, type, signOf(result));
    if (failures) this.#openFailing(asked, failures);
  }

  /**
   * Opens the lane of an endpoint whose slots cannot serve all that waits. parks() is true from now on. Resolves when
   * the lane is open. Rejects when PostgreSQL is away.
   */
  async overCap(endpointId: string): Promise<void> {
    if (!this.#listed.has(endpointId)) await this.#open(endpointId, 'cap');
  }

  /** The list is at most 3 s old. No first attempt starts otherwise. */
  isFresh(): boolean {
    this.#used = true;
    return this.#now() - this.#listedAtMs <= this.#timings.listFreshForMs;
  }

  /** Resolves when no query of the watch runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await this.#sharing;
    await Promise.allSettled([...this.#openings.values()].map(({ done }) => done));
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failed = false; !signal.aborted; ) {
      try {
        await this.#look();
        failed = false;
      } catch (error) {
        if (!failed) this.#deps.log.warn({ err: error }, 'lanes.not_read');
        failed = true;
      }
      this.#shareOnce();
      // an idle process needs a list that is just fresh enough when the next event comes
      const pauses = this.#used ? 1 : 2;
      this.#used = false;
      await delay(pauses * this.#timings.listEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const askedAtMs = this.#now();
    // Reading each second, a process needs only the suspects of the last minute. The first time, and after a gap, it
    // reads all of them.
    const suspectedMs = askedAtMs - this.#listedAtMs < minuteMs / 2 ? minuteMs : longestSuspectedMs;
    const { parking, suspects, recalled } = await readWatched(this.#deps.lease, suspectedMs);
    this.#listed = parking;
    this.#recalled = recalled;
    this.#listedAtMs = askedAtMs;
    for (const [id, { openAtMs }] of this.#openings) if (openAtMs < askedAtMs) this.#openings.delete(id);
    this.#count.learn(suspects);
    for (const id of parking) this.#count.forget(id);
  }

  /** Does not wait: a lock on a row of the count must not delay reading the list. */
  #shareOnce(): void {
    this.#sharing ??= this.#shareCounts()
      .catch((error) => this.#deps.log.warn({ err: error }, 'failures.not_counted'))
      .finally(() => {
        this.#sharing = undefined;
      });
  }

  async #shareCounts(): Promise<void> {
    for (const { failures, ...asked } of await this.#count.share()) this.#openFailing(asked, failures);
  }

  #openFailing({ endpointId, targetVersion }: AskedEndpoint, failures: Failures): void {
    if (this.parks(endpointId)) return;
    const circuit = { ...openedCircuit(Date.now(), this.#timings.circuit), failures: forgiven(failures) };
    this.#open(endpointId, 'failing', { circuit, targetVersion }).catch((error) =>
      this.#deps.log.warn({ err: error, endpointId }, 'lane.not_opened'),
    );
  }

  #open(endpointId: string, reason: LaneReason, opened?: OpenedCircuit): Promise<void> {
    const known = this.#openings.get(endpointId);
    if (known) return known.done;
    const opening: Opening = { openAtMs: Number.POSITIVE_INFINITY, done: this.#deps.waker.open([endpointId], reason, opened) };
    this.#openings.set(endpointId, opening);
    opening.done.then(
      () => {
        opening.openAtMs = this.#now();
        this.#count.forget(endpointId);
        this.#deps.log.info({ endpointId, reason }, 'lane.opened');
      },
      () => this.#openings.delete(endpointId),
    );
    return opening.done;
  }
}
