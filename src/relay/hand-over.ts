// Moves the events that a relay owns from the outbox into dispatches and starts their workflows.
// After a crash the events stay guarded: before the move by the outbox row, after it by the
// dispatch row. A row taken over by another relay is not moved, so no event gets two dispatches.
import { setTimeout as delay } from 'node:timers/promises';
import { createDispatches, type NewDispatch } from '#db/events/dispatches';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import type { DispatchMetrics } from '#telemetry/telemetry';
import type { DispatchRef, Starter } from '#temporal/starter';
import { createBatches } from './batches.ts';
import { createDispatchStart } from './dispatch-start.ts';
import { type LeavingEvent, toDispatch } from './leaving-event.ts';
import { createSingles } from './singles.ts';

export interface HandOver {
  /** Queues an event that its dispatch plans. It gets a dispatch of its own while Temporal answers. */
  single(event: LeavingEvent): void;
  /**
   * Adds a planned event, with all first attempts recorded or given up, to the next batch. `urgent`: a delivery needs
   * its workflow.
   */
  ready(event: LeavingEvent, urgent: boolean): void;
  /**
   * Drops queued single events whose first attempts can be made before the dispatch; they are read again from the
   * outbox.
   */
  giveBack(): void;
  /** Dispatches nothing more. Resolves when the dispatches in progress have ended. */
  stop(): Promise<void>;
  waiting(): number;
}

export interface HandOverDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  relayId: string;
  dispatchesPerSecond: number;
  /** The pause before a dispatch is written or started again. */
  retryMs: number;
  /** False once this relay is fenced. */
  mayAct(): boolean;
  /** Called for events that are in a dispatch now, belong to another relay, or have to be read again. */
  onGone(eventIds: string[]): void;
  onTemporal(away: boolean): void;
  /** First attempts may be made before the dispatch while Temporal is away. */
  mayGoAhead: boolean;
  /** Individual dispatches happen only at a low rate, so a few that arrive at once are spread out. */
  isPaced: boolean;
  isBatched(): boolean;
  /** Called when events are back in the outbox. */
  onBack(): void;
  metrics?: DispatchMetrics;
  reached?: Reached;
}

/**
 * While Temporal is away: single events whose first attempts can be made without it are taken back into the outbox and
 * leave in batches. Other single events wait in the outbox; one start a second tests Temporal, and after that they
 * leave in batches. Batches are written as dispatches all the same, and the sweep starts those later.
 */
export function createHandOver(deps: HandOverDeps): HandOver {
  const { db, log, relayId, dispatchesPerSecond, mayAct, onGone, onTemporal, mayGoAhead, onBack, metrics, reached } = deps;
  const stopping = new AbortController();
  const mayGoOn = () => !stopping.signal.aborted && mayAct();
  const moves = createGroupCommit<NewDispatch, number>({
    write: (dispatches) => createDispatches(db, relayId, dispatches),
    weigh: ({ eventIds }) => eventIds.length,
    maxWeight: 1_000,
  });
  const starts = createDispatchStart({
    ...deps,
    stopping: stopping.signal,
    onTemporal(away) {
      onTemporal(away);
      if (!away) return;
      singles.catchUp();
      if (mayGoAhead) giveBack();
    },
  });
  const batches = createBatches({ perSecond: dispatchesPerSecond, mayGoOn, handOver: dispatchBatch });
  const singles = createSingles({ ...deps, temporalAway: starts.temporalAway, mayGoOn, handOver: dispatchSingles });

  async function dispatchBatch(events: LeavingEvent[]): Promise<void> {
    const dispatch = toDispatch(events);
    const moved = await move(events, dispatch, true);
    if (moved === 'not') for (const event of events) batches.add(event, true);
    if (moved === 'moved') await starts.batch(dispatch);
  }

  async function dispatchSingles(events: LeavingEvent[]): Promise<void> {
    const dispatch = toDispatch(events);
    const moved = await move(events, dispatch, false);
    if (moved === 'not') for (const event of events) singles.add(event);
    if (moved === 'moved') await starts.single(dispatch, mayGoAhead && !events.some(({ needsDispatch }) => needsDispatch));
  }

  async function move(events: LeavingEvent[], { dispatchId }: DispatchRef, planned: boolean): Promise<'moved' | 'gone' | 'not'> {
    const eventIds = events.map((event) => event.eventId);
    try {
      const moved = await moves.add({ dispatchId, eventIds, planned });
      onGone(eventIds);
      if (moved === 0) return 'gone';
      metrics?.dispatched(planned || events.length > 1 ? 'batch' : 'single');
      await reached?.('dispatch written');
      return 'moved';
    } catch (error) {
      // whether the rows moved is unknown. If they did, the retry finds them gone, and the sweep starts their dispatch.
      log.warn({ err: error, relayId }, 'relay.hand_over_failed');
      await delay(deps.retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      return 'not';
    }
  }

  function giveBack(): void {
    const back = singles.giveBack();
    if (back.length === 0) return;
    onGone(back.map(({ eventId }) => eventId));
    onBack();
  }

  return {
    single: singles.add,
    ready: batches.add,
    giveBack,
    waiting: () => singles.waiting() + batches.waiting(),
    async stop() {
      stopping.abort();
      await Promise.all([singles.stop(), batches.stop()]);
    },
  };
}
