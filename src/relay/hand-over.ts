// From outbox row to dispatch: moves the events a relay owns into dispatches and starts their workflows.
//
// Individual mode: one event a dispatch, at once. While Temporal is away rows stay in the outbox; one start a second asks whether it is back, and
// what waited then leaves in batches.
// What if it dies in between? Before the move the outbox row guards the event; after it the dispatch row, which is started again while not done.
// What if another relay has taken the rows? Then the move finds none of ours, and no dispatch is made.
import { setTimeout as delay } from 'node:timers/promises';
import type { Reached } from '../checkpoints.ts';
import { createDispatches, type NewDispatch } from '../db/dispatches.ts';
import { createGroupCommit } from '../db/group-commit.ts';
import { type OutboxRow, ownOutboxRows } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import { createFairQueue } from '../domain/fair-queue.ts';
import type { Logger } from '../logger.ts';
import { newId } from '../new-id.ts';
import { TemporalAway } from '../temporal/link.ts';
import type { DispatchRef, Starter } from '../temporal/starter.ts';

const atOnce = 16;
const batchSize = 256;
const maxQueued = 10_000;
const pauseMs = 1_000;

export interface HandOver {
  /** Rows that this relay owns now. */
  add(rows: OutboxRow[]): void;
  /** Takes nothing more from the queue; resolves when what was begun has ended. */
  stop(): Promise<void>;
  waiting(): number;
  /** Reads the outbox again for rows of ours that nobody handed us: their commit succeeded and its answer was lost. */
  recheck(): void;
}

export interface HandOverDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  relayId: string;
  /** False once this relay must not act any more. */
  mayAct(): boolean;
  reached?: Reached;
}

export function createHandOver({ db, starter, log, relayId, mayAct, reached }: HandOverDeps): HandOver {
  const queue = createFairQueue<OutboxRow>();
  const stopping = new AbortController();
  const moves = createGroupCommit<NewDispatch, number>({
    write: (dispatches) => createDispatches(db, relayId, dispatches),
    weigh: ({ eventIds }) => eventIds.length,
    maxWeight: 1_000,
  });
  const underWay = new Set<Promise<void>>();
  let temporalAway = false;
  /** Since Temporal was away, until the queue is empty: what waited leaves in batches. */
  let catchingUp = false;
  let leftInOutbox = false;

  function pump(): void {
    while (queue.size > 0 && underWay.size < (temporalAway ? 1 : atOnce) && !stopping.signal.aborted && mayAct()) {
      const work = handOver(take(catchingUp ? batchSize : 1)).finally(() => {
        underWay.delete(work);
        pump();
      });
      underWay.add(work);
    }
    if (queue.size === 0 && !temporalAway && !leftInOutbox) catchingUp = false;
    if (leftInOutbox && queue.size === 0 && underWay.size === 0 && !stopping.signal.aborted) refill();
  }

  function take(most: number): OutboxRow[] {
    const rows: OutboxRow[] = [];
    for (let row = queue.shift(); row; row = rows.length < most ? queue.shift() : undefined) rows.push(row);
    return rows;
  }

  async function handOver(rows: OutboxRow[]): Promise<void> {
    const dispatch = toDispatch(rows);
    try {
      const moved = await moves.add({ dispatchId: dispatch.dispatchId, eventIds: rows.map((row) => row.eventId) });
      if (moved === 0) return;
      await reached?.('dispatch written');
    } catch (error) {
      // nothing moved, or it moved and we do not know: the rows are asked for again, and what moved is found not done
      log.warn({ err: error, relayId }, 'relay.hand_over_failed');
      leftInOutbox = true;
      await pause();
      return;
    }
    await start(dispatch);
  }

  /** Until it is started or refused, or this relay stops: the dispatch row guards it meanwhile. */
  async function start(dispatch: DispatchRef): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await starter.startDispatch(dispatch);
        temporalAway = false;
        return;
      } catch (error) {
        const away = error instanceof TemporalAway;
        if (!away || !temporalAway) log.warn({ err: error, dispatchId: dispatch.dispatchId }, 'relay.start_failed');
        if (away) {
          temporalAway = true;
          catchingUp = true;
        }
        await pause();
        // refused: that one is left to the sweep, and must not keep the others waiting
        if (!away) return;
      }
    }
  }

  function refill(): void {
    leftInOutbox = false;
    const work = ownOutboxRows(db, relayId, maxQueued)
      .then(add, (error) => {
        log.warn({ err: error, relayId }, 'relay.refill_failed');
        leftInOutbox = true;
        return pause();
      })
      .finally(() => {
        underWay.delete(work);
        pump();
      });
    underWay.add(work);
  }

  function add(rows: OutboxRow[]): void {
    for (const row of rows) {
      if (queue.size < maxQueued) queue.push(row.tenantId, row);
      else leftInOutbox = true;
    }
    if (rows.length === maxQueued) leftInOutbox = true;
    pump();
  }

  function pause(): Promise<void> {
    return delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  return {
    add,
    waiting: () => queue.size,
    recheck() {
      leftInOutbox = true;
      pump();
    },
    async stop() {
      stopping.abort();
      queue.clear();
      await Promise.allSettled(underWay);
    },
  };
}

function toDispatch(rows: OutboxRow[]): DispatchRef {
  const [first] = rows;
  return {
    dispatchId: newId('dsp'),
    events: rows.length,
    tenants: new Set(rows.map((row) => row.tenantId)).size,
    tenant: first?.tenant ?? '',
    eventType: first?.eventType ?? '',
  };
}
