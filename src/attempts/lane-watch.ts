// What this process knows of the lanes that it or others opened: read each second.
import { parkingLanes } from '../db/lanes.ts';
import type { Db } from '../db/pool.ts';
import type { LaneReason } from '../domain/lane.ts';
import type { Logger } from '../logger.ts';

const everyMs = 1_000;
const freshMs = 3_000;

export interface LaneWatch {
  /** Everybody parks for this endpoint now: by the list read each second, or because this process opened its lane. */
  parks(endpointId: string): boolean;
  /** An attempt outside any lane ended so. */
  saw(endpointId: string, accepted: boolean): void;
  /** More waits for it than its places serve: opens its lane; from now on parks() is true. Resolves when the lane is open (or rejects when the store is away). */
  overCap(endpointId: string): Promise<void>;
  /** What is known here is at most 3 s old: no first attempt starts otherwise. */
  isFresh(): boolean;
  stop(): Promise<void>;
}

export interface LaneWatchDeps {
  db: Db;
  waker: { open(endpointIds: string[], reason: LaneReason): Promise<void> };
  log: Logger;
}

export function createLaneWatch({ db, waker, log }: LaneWatchDeps): LaneWatch {
  const opening = new Map<string, Promise<void>>();
  const opened = new Set<string>();
  let listed = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const timer = setInterval(look, everyMs).unref();
  look();

  function look(): void {
    reading ??= read()
      .catch((error) => log.warn({ err: error }, 'lanes.not_read'))
      .finally(() => {
        reading = undefined;
      });
  }

  async function read(): Promise<void> {
    const sentAt = performance.now();
    const acknowledged = [...opened];
    listed = new Set(await parkingLanes(db));
    for (const id of acknowledged) opened.delete(id);
    readAt = sentAt;
  }

  async function open(endpointId: string): Promise<void> {
    await waker.open([endpointId], 'cap');
    opened.add(endpointId);
  }

  return {
    parks: (endpointId) => listed.has(endpointId) || opened.has(endpointId) || opening.has(endpointId),
    saw: () => undefined,
    overCap(endpointId) {
      const begun = opening.get(endpointId) ?? open(endpointId).finally(() => opening.delete(endpointId));
      opening.set(endpointId, begun);
      return begun;
    },
    isFresh: () => performance.now() - readAt <= freshMs,
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
