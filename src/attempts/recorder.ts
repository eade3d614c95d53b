// The record of an attempt is the only durable outcome. Records share statements (group commit) and are kept and tried again until they are
// stored: a store that is away loses none of them while this process lives.
import { setTimeout as delay } from 'node:timers/promises';
import type { Contents } from '../contents.ts';
import { type AttemptRecord, recordAttempts } from '../db/attempts.ts';
import { isBadData } from '../db/errors.ts';
import { type FirstRecord, recordFirstAttempts } from '../db/first-attempts.ts';
import { createGroupCommit, type GroupCommit } from '../db/group-commit.ts';
import type { Db } from '../db/pool.ts';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Logger } from '../logger.ts';

const tooLongMs = 1_000;
const longestPauseMs = 1_000;
/** A store that is away fails for thousands at once, again and again. */
const logEveryMs = 1_000;
const atMost = 256;
/** Nobody waits for the record of a first attempt, but a SIGKILL repeats what has none (design, decision 7: within 20 ms). */
const linger = { ms: 15, enough: 8 };

export interface Recorder {
  /** Resolves when the record is stored, with what the delivery is now; null when its row is gone. Never rejects. */
  record(record: AttemptRecord): Promise<DeliveryStatus | null>;
  /** The same for a delivery that has no row yet; null when it has one, of which nothing was changed. Never rejects. */
  recordFirst(record: FirstRecord): Promise<DeliveryStatus | null>;
  /** An outcome has waited for longer than a second: no new POST until it is stored. */
  isBehind(): boolean;
  unrecorded(): number;
  /** How long the oldest of them has waited, in milliseconds; 0: there is none. */
  waitedMs(): number;
}

export function createRecorder(db: Db, contents: Pick<Contents, 'seal'>, log: Logger): Recorder {
  const later = createGroupCommit<AttemptRecord, DeliveryStatus | null>({
    write: (records) => recordAttempts(db, records, contents),
    maxWeight: atMost,
    lanes: 2,
  });
  const first = createGroupCommit<FirstRecord, DeliveryStatus | null>({
    write: (records) => recordFirstAttempts(db, records, contents),
    maxWeight: atMost,
    lanes: 2,
    linger,
  });
  const since = new Set<{ at: number }>();
  let loggedAt = Number.NEGATIVE_INFINITY;

  function logFailure(error: unknown): void {
    if (!isBadData(error) && performance.now() - loggedAt < logEveryMs) return;
    loggedAt = performance.now();
    log.error({ err: error, unrecorded: since.size }, 'attempt.not_recorded');
  }

  function waitedMs(): number {
    const [oldest] = since;
    return oldest ? performance.now() - oldest.at : 0;
  }

  async function untilStored<T>(
    writes: GroupCommit<T, DeliveryStatus | null>,
    record: T,
    plainer: (record: T) => T,
  ): Promise<DeliveryStatus | null> {
    const waiting = { at: performance.now() };
    since.add(waiting);
    let kept = record;
    for (let pause = 50; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const status = await writes.add(kept);
        since.delete(waiting);
        return status;
      } catch (error) {
        logFailure(error);
        if (isBadData(error) && kept !== record) {
          // nothing of it can be stored, so its partition is gone; to go on trying would keep this process from posting anything
          since.delete(waiting);
          return null;
        }
        // what the endpoint answered must not keep its outcome from being stored
        if (isBadData(error)) kept = plainer(record);
        await delay(pause);
      }
    }
  }

  return {
    record: (record) => untilStored(later, record, withoutResponse),
    recordFirst: (record) => untilStored(first, record, (one) => ({ ...one, attempt: one.attempt && withoutResponse(one.attempt) })),
    unrecorded: () => since.size,
    isBehind: () => waitedMs() > tooLongMs,
    waitedMs,
  };
}

function withoutResponse(attempt: AttemptRecord): AttemptRecord {
  return { ...attempt, result: { ...attempt.result, response: null, message: attempt.result.message.replace(/[^\x20-\x7e]/g, '?') } };
}
