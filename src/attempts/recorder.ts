// Records attempts in PostgreSQL, in group commits. Called after each request; never rejects. While
// PostgreSQL is away, records stay in memory and are tried again: none is lost while the process
// lives. Data that PostgreSQL refuses is reduced until it fits; see `Recorder`.
import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { quarantineDelivery } from '#db/deliveries/deliveries';
import { type FirstRecord, recordFirstAttempts } from '#db/deliveries/first-attempts';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { isBadData } from '#db/store/errors';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
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

/**
 * If PostgreSQL refuses the data, less of it is stored: first without the response, then only the delivery's row, at
 * last only that the delivery is in quarantine. A row that stayed due would be posted again and again.
 */
export class Recorder {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #later: GroupCommit<AttemptRecord, DeliveryStatus | null>;
  readonly #first: GroupCommit<FirstRecord, DeliveryStatus | null>;
  /** The records that wait, the oldest first. */
  readonly #waiting = new Set<{ since: number }>();
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(db: Db, contents: Pick<ContentEncryption, 'seal'>, log: Logger) {
    this.#db = db;
    this.#log = log;
    const limits = { maxWeight: maxRecords, concurrency: 2 };
    this.#later = createGroupCommit({ ...limits, write: (records) => recordAttempts(db, records, contents) });
    this.#first = createGroupCommit({ ...limits, linger, write: (records) => recordFirstAttempts(db, records, contents) });
  }

  /** Resolves when the record is stored, to the delivery's new status; null when its row is gone. Never rejects. */
  record(record: AttemptRecord): Promise<DeliveryStatus | null> {
    return this.#untilStored([
      ...reductions.map((reduced) => () => this.#later.add(reduced(record))),
      () => quarantineDelivery(this.#db, record.deliveryId, notStorable),
    ]);
  }

  /**
   * The same for a delivery that has no row yet. Null when it has one already, which stays unchanged. Never rejects.
   */
  recordFirst(record: FirstRecord): Promise<DeliveryStatus | null> {
    const { attempt } = record;
    const ways = attempt
      ? reductions.map((reduced) => () => this.#first.add({ ...record, attempt: reduced(attempt) }))
      : [() => this.#first.add(record)];
    return this.#untilStored([...ways, () => this.#quarantineFirst(record)]);
  }

  /** A record has waited for longer than a second. No new POST may start until it is stored. */
  isBehind(): boolean {
    return this.waitedMs() > tooLongMs;
  }

  unrecorded(): number {
    return this.#waiting.size;
  }

  /** How long the oldest record has waited, in milliseconds; 0: none waits. */
  waitedMs(): number {
    const [oldest] = this.#waiting;
    return oldest ? performance.now() - oldest.since : 0;
  }

  /** Null also when PostgreSQL refuses all of `ways`: then the row's partition is gone, and the row with it. */
  async #untilStored(ways: Store[]): Promise<DeliveryStatus | null> {
    const waiting = { since: performance.now() };
    this.#waiting.add(waiting);
    let stored: DeliveryStatus | null | 'refused' = 'refused';
    for (const way of ways) if (stored === 'refused') stored = await this.#unlessRefused(way);
    this.#waiting.delete(waiting);
    return stored === 'refused' ? null : stored;
  }

  /** Calls `store` until PostgreSQL stores the record or refuses its data. */
  async #unlessRefused(store: Store): Promise<DeliveryStatus | null | 'refused'> {
    for (let pause = 50; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        return await store();
      } catch (error) {
        this.#logFailure(error);
        if (isBadData(error)) return 'refused';
        await delay(pause);
      }
    }
  }

  async #quarantineFirst(record: FirstRecord): Promise<DeliveryStatus | null> {
    await this.#first.add({ ...record, attempt: null });
    return quarantineDelivery(this.#db, record.deliveryId, notStorable);
  }

  #logFailure(error: unknown): void {
    if (!isBadData(error) && performance.now() - this.#loggedAt < logEveryMs) return;
    this.#loggedAt = performance.now();
    this.#log.error({ err: error, unrecorded: this.#waiting.size }, 'attempt.not_recorded');
  }
}

/** The attempt; the attempt without the response; only the change of the delivery's row. Made when they are needed. */
const reductions: ((attempt: AttemptRecord) => AttemptRecord)[] = [
  (attempt) => attempt,
  withoutResponse,
  (attempt) => ({ ...withoutResponse(attempt), rowOnly: true }),
];

function withoutResponse(attempt: AttemptRecord): AttemptRecord {
  const { result } = attempt;
  return { ...attempt, result: { ...result, response: null, message: result.message.replace(/[^\x20-\x7e]/g, '?') } };
}
