// From outbox row to dispatch: moves the events a relay owns into dispatches and starts their workflows.
//
// What if it dies in between? Before the move the outbox row guards the event; after it the dispatch row, which is started again while not done.
// What if another relay has taken the rows? Then the move finds none of ours, and no dispatch is made.
// What if Temporal is away? Single events whose first attempts may be made without it are given or taken back and leave that way; the others wait in
// the outbox, one start a second asks whether it is back, and they leave in batches then. Batches go into dispatches all the same, and the sweep
// starts those.
import { setTimeout as delay } from 'node:timers/promises';
import { createDispatches, type NewDispatch } from '#db/events/dispatches';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import type { DispatchMetrics } from '#telemetry/telemetry';
import type { DispatchRef, Starter } from '#temporal/starter';
import { createBatches } from './batches.ts';
import { createDispatchStart } from './dispatch-start.ts';
import type { LeavingEvent } from './leaving-event.ts';
import { createSingles } from './singles.ts';

const retryMs = 1_000;

export interface HandOver {
  /** To be planned by a dispatch, of its own while Temporal is there. */
  single(event: LeavingEvent): void;
  /** Planned, each first attempt recorded or given up: for the next batch. `urgent`: some delivery needs its workflow. */
  ready(event: LeavingEvent, urgent: boolean): void;
  /** What still waits to leave on its own goes back into the outbox: its first attempts can be made ahead. */
  giveBack(): void;
  /** Takes nothing more; resolves when what was begun has ended. */
  stop(): Promise<void>;
  waiting(): number;
}

export interface HandOverDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  relayId: string;
  dispatchesPerSecond: number;
  /** False once this relay must not act any more. */
  mayAct(): boolean;
  /** These are in a dispatch now, or not ours any more, or to be read again. */
  onGone(eventIds: string[]): void;
  onTemporal(away: boolean): void;
  /** First attempts may be made ahead while Temporal is away. */
  mayGoAhead: boolean;
  /** Events leave on their own only at a low rate: a few at once are spread. */
  isPaced: boolean;
  isBatched(): boolean;
  /** Some are in the outbox again. */
  onBack(): void;
  metrics?: DispatchMetrics;
  reached?: Reached;
}

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
  const batches = createBatches({ perSecond: dispatchesPerSecond, mayGoOn, handOver: leaveInBatch });
  const singles = createSingles({ ...deps, temporalAway: starts.temporalAway, mayGoOn, handOver: leaveAlone });

  async function leaveInBatch(events: LeavingEvent[]): Promise<void> {
    const dispatch = toDispatch(events);
    const moved = await move(events, dispatch, true);
    if (moved === 'not') for (const event of events) batches.add(event, true);
    if (moved === 'moved') await starts.batch(dispatch);
  }

  async function leaveAlone(events: LeavingEvent[]): Promise<void> {
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
      // nothing moved, or it moved and we do not know: asked again, what moved is found gone, and its dispatch not done
      log.warn({ err: error, relayId }, 'relay.hand_over_failed');
      await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
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

function toDispatch(events: LeavingEvent[]): DispatchRef {
  const [first] = events;
  return {
    dispatchId: newId('dsp'),
    events: events.length,
    tenants: new Set(events.map((event) => event.tenantId)).size,
    tenant: first?.tenant ?? '',
    eventType: first?.eventType ?? '',
  };
}
