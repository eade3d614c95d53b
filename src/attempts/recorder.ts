// The record of an attempt is the only durable outcome. Records share statements (group commit) and are kept and tried again until they are
// stored: a store that is away loses none of them while this process lives.
//
// What if PostgreSQL refuses the data? Then less of it is stored: no response, then only the delivery's row, at last only that the delivery is in quarantine.
// A row that stayed due would be posted again and again.
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
/** A store that is away fails for thousands at once, again and again. */
const logEveryMs = 1_000;
const atMost = 256;
/** Nobody waits for the record of a first attempt, but a SIGKILL repeats what has none (design, decision 7: within 20 ms). */
const linger = { ms: 15, enough: 8 };

const notStorable = 'PostgreSQL refused to store the outcome of the last attempt: the log has its error';

type Store = () => Promise<DeliveryStatus | null>;

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

export function createRecorder(db: Db, contents: Pick<ContentEncryption, 'seal'>, log: Logger): Recorder {
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

  /** Tries one way to store an outcome until PostgreSQL takes it, or refuses its data. */
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

  /** Null, too, when PostgreSQL refuses each of these: then there is no partition for the row, and so no row. */
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
        ...lessAndLess(record).map((one) => () => later.add(one)),
        () => quarantineDelivery(db, record.deliveryId, notStorable),
      ]),
    recordFirst: (record) => {
      const attempts = record.attempt ? lessAndLess(record.attempt) : [null];
      return untilStored([...attempts.map((attempt) => () => first.add({ ...record, attempt })), () => quarantineFirst(record)]);
    },
    unrecorded: () => since.size,
    isBehind: () => waitedMs() > tooLongMs,
    waitedMs,
  };
}

/** The attempt, the same without what the endpoint said, and only what it means for the delivery's row. */
function lessAndLess(attempt: AttemptRecord): AttemptRecord[] {
  const { result } = attempt;
  const plain = { ...attempt, result: { ...result, response: null, message: result.message.replace(/[^\x20-\x7e]/g, '?') } };
  return [attempt, plain, { ...plain, rowOnly: true }];
}
