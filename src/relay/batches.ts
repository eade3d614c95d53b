// Events whose first attempts are made leave together: as soon as a batch is full, else at a slow cadence, four times slower while all that waits was
// accepted and needs no workflow.
import { createFairQueue, takeFrom } from '#domain/fair-queue';
import type { LeavingEvent } from './leaving-event.ts';

const batchesAtOnce = 4;
export const batchSize = 256;
/** Beats of the cadence that a batch waits in which nothing is urgent. */
const calmBeats = 4;

export interface Batches {
  /** `urgent`: some delivery needs its workflow. */
  add(event: LeavingEvent, urgent: boolean): void;
  waiting(): number;
  /** Drops what waits; resolves when what was begun has ended. */
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
  const underWay = new Set<Promise<void>>();
  const cadence = setInterval(beat, 1_000 / perSecond).unref();
  let beats = 0;
  let isUrgent = false;

  function beat(): void {
    beats++;
    if (isUrgent || beats >= calmBeats) pump(1);
  }

  function pump(least: number): void {
    while (queue.size >= least && underWay.size < batchesAtOnce && mayGoOn()) begin(takeFrom(queue, batchSize));
    if (queue.size > 0) return;
    beats = 0;
    isUrgent = false;
  }

  function begin(events: LeavingEvent[]): void {
    const tracked = handOver(events).finally(() => {
      underWay.delete(tracked);
      pump(batchSize);
    });
    underWay.add(tracked);
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
      await Promise.allSettled(underWay);
    },
  };
}
