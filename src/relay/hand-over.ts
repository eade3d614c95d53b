// From outbox row to dispatch: moves the events a relay owns into dispatches and starts their workflows.
//
// Single events leave at once, one a dispatch. Events whose first attempts are made leave together: at a slow cadence, four times slower while all
// that waits was accepted and needs no workflow, or as soon as a batch is full.
// What if it dies in between? Before the move the outbox row guards the event; after it the dispatch row, which is started again while not done.
// What if another relay has taken the rows? Then the move finds none of ours, and no dispatch is made.
// What if Temporal is away? Single events whose first attempts may be made without it are given or taken back and leave that way; the others wait in
// the outbox, one start a second asks whether it is back, and they leave in batches then. Batches go into dispatches all the same, and the sweep starts
// those.
import { setTimeout as delay } from 'node:timers/promises';
import type { Reached } from '../checkpoints.ts';
import { createDispatches, type NewDispatch } from '../db/dispatches.ts';
import { createGroupCommit } from '../db/group-commit.ts';
import type { OwnedEvent } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import { createFairQueue } from '../domain/fair-queue.ts';
import type { Logger } from '../logger.ts';
import { newId } from '../new-id.ts';
import type { DispatchMetrics } from '../telemetry.ts';
import type { DispatchRef, Starter } from '../temporal/starter.ts';
import { createDispatchStart } from './dispatch-start.ts';

const singlesAtOnce = 16;
const batchesAtOnce = 4;
const batchSize = 256;
/** Beats of the cadence that a batch waits in which nothing is urgent. */
const calmBeats = 4;
const pauseMs = 1_000;

/** What a dispatch has to know of an event. */
export interface LeavingEvent extends Pick<OwnedEvent, 'eventId' | 'tenantId' | 'tenant' | 'eventType'> {
  /** Its first attempts cannot be made ahead of its dispatch. */
  needsDispatch: boolean;
}

export interface HandOver {
  /** To be planned by a dispatch, of its own while Temporal is there. */
  single(event: LeavingEvent): void;
  /** Planned, each first attempt recorded or given up: for the next batch. `urgent`: some delivery needs its workflow. */
  ready(event: LeavingEvent, urgent: boolean): void;
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
  /** These are in a dispatch now, or not ours any more. */
  onGone(eventIds: string[]): void;
  onTemporal(away: boolean): void;
  /** First attempts may be made ahead while Temporal is away. */
  mayGoAhead: boolean;
  /** Events that need a dispatch may share one. */
  isBatched(): boolean;
  /** Some are in the outbox again. */
  onBack(): void;
  metrics?: DispatchMetrics;
  reached?: Reached;
}

export function createHandOver(deps: HandOverDeps): HandOver {
  const { db, log, relayId, dispatchesPerSecond, mayAct, onGone, onTemporal, mayGoAhead, isBatched, onBack, metrics, reached } = deps;
  const singles = createFairQueue<LeavingEvent>();
  const batch = createFairQueue<LeavingEvent>();
  const stopping = new AbortController();
  const moves = createGroupCommit<NewDispatch, number>({
    write: (dispatches) => createDispatches(db, relayId, dispatches),
    weigh: ({ eventIds }) => eventIds.length,
    maxWeight: 1_000,
  });
  const singlesUnderWay = new Set<Promise<void>>();
  const batchesUnderWay = new Set<Promise<void>>();
  /** Since Temporal was away, until nothing waits: what waited leaves in batches. */
  let catchingUp = false;
  const starts = createDispatchStart({
    ...deps,
    stopping: stopping.signal,
    onTemporal(away) {
      catchingUp ||= away;
      onTemporal(away);
      if (away && mayGoAhead) giveBack();
    },
  });
  let beats = 0;
  let urgent = false;
  const cadence = setInterval(beat, 1_000 / dispatchesPerSecond).unref();

  function pumpSingles(): void {
    while (singles.size > 0 && singlesUnderWay.size < (starts.temporalAway() ? 1 : singlesAtOnce) && mayGoOn()) {
      begin(singlesUnderWay, handOver(take(singles, catchingUp || isBatched() ? batchSize : 1), false), pumpSingles);
    }
    if (singles.size === 0 && !starts.temporalAway()) catchingUp = false;
  }

  /** What waits to leave on its own, and may have its first attempts made ahead, need not wait here. */
  function giveBack(): void {
    const waiting = take(singles, singles.size);
    for (const event of waiting) if (event.needsDispatch) singles.push(event.tenantId, event);
    const back = waiting.filter(({ needsDispatch }) => !needsDispatch);
    if (back.length === 0) return;
    onGone(back.map(({ eventId }) => eventId));
    onBack();
  }

  function beat(): void {
    beats++;
    if (urgent || beats >= calmBeats) pumpBatches(1);
  }

  function pumpBatches(least: number): void {
    while (batch.size >= least && batchesUnderWay.size < batchesAtOnce && mayGoOn()) {
      begin(batchesUnderWay, handOver(take(batch, batchSize), true), () => pumpBatches(batchSize));
    }
    if (batch.size > 0) return;
    beats = 0;
    urgent = false;
  }

  function mayGoOn(): boolean {
    return !stopping.signal.aborted && mayAct();
  }

  function begin(underWay: Set<Promise<void>>, work: Promise<void>, next: () => void): void {
    const tracked = work.finally(() => {
      underWay.delete(tracked);
      next();
    });
    underWay.add(tracked);
  }

  async function handOver(events: LeavingEvent[], planned: boolean): Promise<void> {
    const dispatch = toDispatch(events);
    const eventIds = events.map((event) => event.eventId);
    try {
      const moved = await moves.add({ dispatchId: dispatch.dispatchId, eventIds, planned });
      onGone(eventIds);
      if (moved === 0) return;
      metrics?.dispatched(planned || events.length > 1 ? 'batch' : 'single');
      await reached?.('dispatch written');
    } catch (error) {
      // nothing moved, or it moved and we do not know: asked again, what moved is found gone, and its dispatch not done
      log.warn({ err: error, relayId }, 'relay.hand_over_failed');
      await pause();
      for (const event of events) (planned ? batch : singles).push(event.tenantId, event);
      urgent ||= planned;
      return;
    }
    const mayComeBack = mayGoAhead && !events.some(({ needsDispatch }) => needsDispatch);
    await (planned ? starts.batch(dispatch) : starts.single(dispatch, mayComeBack));
  }

  function pause(): Promise<void> {
    return delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  return {
    single(event) {
      singles.push(event.tenantId, event);
      pumpSingles();
    },
    ready(event, isUrgent) {
      urgent ||= isUrgent;
      batch.push(event.tenantId, event);
      pumpBatches(batchSize);
    },
    waiting: () => singles.size + batch.size,
    async stop() {
      stopping.abort();
      clearInterval(cadence);
      singles.clear();
      batch.clear();
      await Promise.allSettled([...singlesUnderWay, ...batchesUnderWay]);
    },
  };
}

function take(queue: ReturnType<typeof createFairQueue<LeavingEvent>>, most: number): LeavingEvent[] {
  const events: LeavingEvent[] = [];
  for (let event = queue.shift(); event; event = events.length < most ? queue.shift() : undefined) events.push(event);
  return events;
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
