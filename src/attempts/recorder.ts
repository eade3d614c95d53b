// The record of an attempt is the only durable outcome. Records share statements (group commit) and are kept and tried again until they are
// stored: a store that is away loses none of them while this process lives.
import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptRecord, recordAttempts } from '../db/attempts.ts';
import { isBadData } from '../db/errors.ts';
import { createGroupCommit } from '../db/group-commit.ts';
import type { Db } from '../db/pool.ts';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Logger } from '../logger.ts';

const tooLongMs = 1_000;
const longestPauseMs = 1_000;

export interface Recorder {
  /** Resolves when the record is stored, with what the delivery is now; null when its row is gone. Never rejects. */
  record(record: AttemptRecord): Promise<DeliveryStatus | null>;
  /** An outcome has waited for longer than a second: no new POST until it is stored. */
  isBehind(): boolean;
  unrecorded(): number;
}

export function createRecorder(db: Db, log: Logger): Recorder {
  const writes = createGroupCommit<AttemptRecord, DeliveryStatus | null>({
    write: (records) => recordAttempts(db, records),
    maxWeight: 256,
    lanes: 2,
  });
  const since = new Map<AttemptRecord, number>();

  async function record(attempt: AttemptRecord): Promise<DeliveryStatus | null> {
    since.set(attempt, performance.now());
    let kept = attempt;
    for (let pause = 50; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const status = await writes.add(kept);
        since.delete(attempt);
        return status;
      } catch (error) {
        log.error({ err: error, deliveryId: attempt.deliveryId, attempt: attempt.number }, 'attempt.not_recorded');
        if (isBadData(error) && kept !== attempt) {
          // nothing of it can be stored, so its partition is gone; to go on trying would keep this process from posting anything
          since.delete(attempt);
          return null;
        }
        // what the endpoint answered must not keep its outcome from being stored
        if (isBadData(error)) kept = withoutResponse(attempt);
        await delay(pause);
      }
    }
  }

  return {
    record,
    unrecorded: () => since.size,
    isBehind() {
      const [oldest] = since.values();
      return oldest !== undefined && performance.now() - oldest > tooLongMs;
    },
  };
}

function withoutResponse(attempt: AttemptRecord): AttemptRecord {
  return { ...attempt, result: { ...attempt.result, response: null, message: attempt.result.message.replace(/[^\x20-\x7e]/g, '?') } };
}
