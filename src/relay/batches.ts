// Collects events whose first attempts are done and dispatches them in batches.
// A batch leaves when it is full, else at a slow cadence, four times slower if no event is urgent.
import { createFairQueue, takeFrom } from '#domain/fair-queue';
import type { LeavingEvent } from './leaving-event.ts';

const batchesAtOnce = 4;
export const batchSize = 256;
/** A batch without an urgent event waits for this many beats of the cadence. */
const calmBeats = 4;

export interface Batches {
  /** `urgent`: a delivery of the event needs its workflow. */
  add(event: LeavingEvent, urgent: boolean): void;
  waiting(): number;
  /** Drops the waiting events. Resolves when the batches in progress have ended. */
  stop(): Promise<void>;
}

export interface BatchesDeps {
  perSecond: number;
  mayGoOn(): boolean;
  /** Never rejects. */
  handOver(events: LeavingEvent[]): Promise<void>;
}

export function createBatches({ perSecond, mayGoOn, handOver }: BatchesDeps): Batches {
  const queue = createFairQueue<LeavingEvent>();
  const inProgress = new Set<Promise<void>>();
  const cadence = setInterval(beat, 1_000 / perSecond).unref();
  let beats = 0;
  let isUrgent = false;

  function beat(): void {
    beats++;
    if (isUrgent || beats >= calmBeats) pump(1);
  }

  function pump(minEvents: number): void {
    while (queue.size >= minEvents && inProgress.size < batchesAtOnce && mayGoOn()) begin(takeFrom(queue, batchSize));
    if (queue.size > 0) return;
    beats = 0;
    isUrgent = false;
  }

  function begin(events: LeavingEvent[]): void {
    const tracked = handOver(events).finally(() => {
      inProgress.delete(tracked);
      pump(batchSize);
    });
    inProgress.add(tracked);
  }

  return {
    add(event, urgent) {
      isUrgent ||= urgent;
      queue.push(event.tenantId, event);
      pump(batchSize);
    },
    waiting: () => queue.size,
    async stop() {
      clearInterval(cadence);
      queue.clear();
      await Promise.allSettled(inProgress);
    },
  };
}
