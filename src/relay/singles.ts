// Dispatches single events, one in each dispatch, as individual mode does at a low rate.
// In batched mode it gets the events that need their dispatch; those may share one.
// After Temporal was away, the waiting events leave in batches.
import { setTimeout as delay } from 'node:timers/promises';
import { createFairQueue, takeFrom } from '#domain/fair-queue';
import { batchSize } from './batches.ts';
import type { LeavingEvent } from './leaving-event.ts';

const atOnce = 16;
/** Adaptive mode dispatches only a few single events, and spreads them: two workflows keep two cores busy for 50 ms. */
const paced = { atOnce: 2, ms: 50 };

export interface Singles {
  add(event: LeavingEvent): void;
  /** Removes and returns the waiting events whose first attempts can be made before the dispatch. */
  giveBack(): LeavingEvent[];
  waiting(): number;
  /** Called when Temporal is away. Until the queue is empty, the waiting events leave in batches. */
  catchUp(): void;
  /** Drops the waiting events. Resolves when the dispatches in progress have ended. */
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
  const plannerQueue = createFairQueue<LeavingEvent>();
  let last = plannerQueue;
  const inProgress = new Set<Promise<unknown>>();
  let catchingUp = false;

  function pump(): void {
    while (waiting() > 0 && inProgress.size < maxInProgress() && mayGoOn()) {
      begin(takeFrom(nextQueue(), catchingUp || isBatched() ? batchSize : 1));
    }
    if (waiting() === 0 && !temporalAway()) catchingUp = false;
  }

  /** The two queues take turns: neither waits until the other is empty. */
  function nextQueue(): typeof queue {
    const other = last === queue ? plannerQueue : queue;
    if (other.size > 0) last = other;
    return last;
  }

  function maxInProgress(): number {
    if (temporalAway()) return 1;
    return isPaced ? paced.atOnce : atOnce;
  }

  function begin(events: LeavingEvent[]): void {
    const leaving = handOver(events);
    const tracked = (isPaced ? Promise.all([leaving, delay(paced.ms)]) : leaving).finally(() => {
      inProgress.delete(tracked);
      pump();
    });
    inProgress.add(tracked);
  }

  function waiting(): number {
    return queue.size + plannerQueue.size;
  }

  return {
    add(event) {
      (event.needsDispatch ? plannerQueue : queue).push(event.tenantId, event);
      pump();
    },
    giveBack: () => takeFrom(queue, queue.size),
    waiting,
    catchUp() {
      catchingUp = true;
    },
    async stop() {
      queue.clear();
      plannerQueue.clear();
      await Promise.allSettled(inProgress);
    },
  };
}
