// Records attempts in PostgreSQL, in group commits. Called after each request; never rejects. While
// PostgreSQL is away, records stay in memory and are tried again: none is lost while the process
// lives. Data that PostgreSQL refuses is reduced until it fits; see `createRecorder`.
import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { quarantineDelivery } from '#db/deliveries/deliveries';
import { type FirstRecord, recordFirstAttempts } from '#db/deliveries/first-attempts';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { isBadData } from '#db/store/errors';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/delivery';
import type { Logger } from '#runtime/logger';

const tooLongMs = 1_000;
const longestPauseMs = 1_000;
/** When PostgreSQL is away, thousands of records fail at once. One log line a second is enough. */
const logEveryMs = 1_000;
const maxRecords = 256;
/**
 * No caller waits for the record of a first attempt. It is still stored within 20 ms: a SIGKILL repeats what is not
 * recorded.
 */
const linger = { ms: 15, enough: 8 };

const notStorable = 'PostgreSQL refused to store the outcome of the last attempt; see the log for the error';

type Store = () => Promise<DeliveryStatus | null>;

export interface Recorder {
  /** Resolves when the record is stored, to the delivery's new status; null when its row is gone. Never rejects. */
  record(record: AttemptRecord): Promise<DeliveryStatus | null>;
  /**
   * The same for a delivery that has no row yet. Null when it has one already, which stays unchanged. Never rejects.
   */
  recordFirst(record: FirstRecord): Promise<DeliveryStatus | null>;
  /** A record has waited for longer than a second. No new POST may start until it is stored. */
  isBehind(): boolean;
  unrecorded(): number;
  /** How long the oldest record has waited, in milliseconds; 0: none waits. */
  waitedMs(): number;
}

/**
 * If PostgreSQL refuses the data, less of it is stored: first without the response, then only the delivery's row, at
 * last only that the delivery is in quarantine. A row that stayed due would be posted again and again.
 */
export function createRecorder(db: Db, contents: Pick<ContentEncryption, 'seal'>, log: Logger): Recorder {
  const later = createGroupCommit<AttemptRecord, DeliveryStatus | null>({
    write: (records) => recordAttempts(db, records, contents),
    maxWeight: maxRecords,
    lanes: 2,
  });
  const first = createGroupCommit<FirstRecord, DeliveryStatus | null>({
    write: (records) => recordFirstAttempts(db, records, contents),
    maxWeight: maxRecords,
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

  /** Calls `store` until PostgreSQL stores the record or refuses its data. */
  async function unlessRefused(store: Store): Promise<DeliveryStatus | null | 'refused'> {
    for (let pause = 50; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        return await store();
      } catch (error) {
        logFailure(error);
        if (isBadData(error)) return 'refused';
        await delay(pause);
      }
    }
  }

  /** Null also when PostgreSQL refuses all of `ways`: then the row's partition is gone, and the row with it. */
  async function untilStored(ways: Store[]): Promise<DeliveryStatus | null> {
    const waiting = { at: performance.now() };
    since.add(waiting);
    let stored: DeliveryStatus | null | 'refused' = 'refused';
    for (const way of ways) if (stored === 'refused') stored = await unlessRefused(way);
    since.delete(waiting);
    return stored === 'refused' ? null : stored;
  }

  async function quarantineFirst(record: FirstRecord): Promise<DeliveryStatus | null> {
    await first.add({ ...record, attempt: null });
    return quarantineDelivery(db, record.deliveryId, notStorable);
  }

  return {
    record: (record) =>
      untilStored([
        ...reducedRecords(record).map((one) => () => later.add(one)),
        () => quarantineDelivery(db, record.deliveryId, notStorable),
      ]),
    recordFirst: (record) => {
      const attempts = record.attempt ? reducedRecords(record.attempt) : [null];
      return untilStored([...attempts.map((attempt) => () => first.add({ ...record, attempt })), () => quarantineFirst(record)]);
    },
    unrecorded: () => since.size,
    isBehind: () => waitedMs() > tooLongMs,
    waitedMs,
  };
}

/** The attempt; the attempt without the response; only the change of the delivery's row. */
function reducedRecords(attempt: AttemptRecord): AttemptRecord[] {
  const { result } = attempt;
  const plain = { ...attempt, result: { ...result, response: null, message: result.message.replace(/[^\x20-\x7e]/g, '?') } };
  return [attempt, plain, { ...plain, rowOnly: true }];
}
