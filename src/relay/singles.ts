// Events that leave on their own, one a dispatch: at a low rate all of them, above it those whose first attempts cannot be made ahead, which may share
// a dispatch then. After Temporal was away, what waited leaves in batches.
import { setTimeout as delay } from 'node:timers/promises';
import { createFairQueue, takeFrom } from '#domain/fair-queue';
import { batchSize } from './batches.ts';
import type { LeavingEvent } from './leaving-event.ts';

const atOnce = 16;
/** In adaptive mode, where only a few come at once, these are spread: two workflows keep two cores busy for so long. */
const paced = { atOnce: 2, ms: 50 };

export interface Singles {
  add(event: LeavingEvent): void;
  /** Those of them that still wait, and may have their first attempts made ahead; they wait no more. */
  giveBack(): LeavingEvent[];
  waiting(): number;
  /** Temporal was found away: until nothing waits any more, what waits leaves in batches. */
  catchUp(): void;
  /** Drops what waits; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

export interface SinglesDeps {
  isPaced: boolean;
  /** Events may share a dispatch. */
  isBatched(): boolean;
  temporalAway(): boolean;
  mayGoOn(): boolean;
  /** Never rejects. */
  handOver(events: LeavingEvent[]): Promise<void>;
}

export function createSingles({ isPaced, isBatched, temporalAway, mayGoOn, handOver }: SinglesDeps): Singles {
  const queue = createFairQueue<LeavingEvent>();
  const needy = createFairQueue<LeavingEvent>();
  let last = needy;
  const underWay = new Set<Promise<unknown>>();
  let catchingUp = false;

  function pump(): void {
    while (waiting() > 0 && underWay.size < most() && mayGoOn()) {
      begin(takeFrom(nextQueue(), catchingUp || isBatched() ? batchSize : 1));
    }
    if (waiting() === 0 && !temporalAway()) catchingUp = false;
  }

  /** The two queues take turns: neither waits until the other is empty. */
  function nextQueue(): typeof queue {
    const other = last === queue ? needy : queue;
    if (other.size > 0) last = other;
    return last;
  }

  function most(): number {
    if (temporalAway()) return 1;
    return isPaced ? paced.atOnce : atOnce;
  }

  function begin(events: LeavingEvent[]): void {
    const leaving = handOver(events);
    const tracked = (isPaced ? Promise.all([leaving, delay(paced.ms)]) : leaving).finally(() => {
      underWay.delete(tracked);
      pump();
    });
    underWay.add(tracked);
  }

  function waiting(): number {
    return queue.size + needy.size;
  }

  return {
    add(event) {
      (event.needsDispatch ? needy : queue).push(event.tenantId, event);
      pump();
    },
    giveBack: () => takeFrom(queue, queue.size),
    waiting,
    catchUp() {
      catchingUp = true;
    },
    async stop() {
      queue.clear();
      needy.clear();
      await Promise.allSettled(underWay);
    },
  };
}
