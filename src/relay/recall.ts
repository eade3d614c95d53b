// Recalls an event for the API: changes the rows, tells lanes and workflows, and waits until no request of it can begin any
// more. Then it says for each endpoint what was stopped, and what was sent before.
import { setTimeout as delay } from 'node:timers/promises';
import type { Audit } from '#db/audit/audit';
import type { Opening } from '#db/events/read-content';
import { type EventToRecall, type Recalled, readRecalled, recallEvent } from '#db/events/recall';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lanes/lane';
import type { Timings } from '#domain/timings';

export interface RecallDeps {
  db: Db;
  contents: Opening;
  lanes: Pick<Lanes, 'changed'>;
  sweepSoon(): void;
  timings: Timings['recall'];
}

export type Recall = (event: EventToRecall, audit: Audit) => Promise<Recalled[]>;

/**
 * After `settleMs` every process has read the list of recalls, or may not begin requests. Requests that began before may
 * still be in flight. Waits only while one of them may be.
 */
export function createRecall({ db, contents, lanes, sweepSoon, timings: { settleMs, lookEveryMs } }: RecallDeps): Recall {
  return async (event, audit) => {
    const deadline = performance.now() + settleMs;
    const held = await recallEvent(db, contents, event, audit);
    sweepSoon();
    for (const endpointId of held) await lanes.changed(endpointId);
    for (;;) {
      const recalled = await readRecalled(db, event.eventId);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || !recalled.some(({ inFlight }) => inFlight)) return recalled;
      await delay(Math.min(leftMs, lookEveryMs));
    }
  };
}
