// Drops the days that are past POSTHORN_RETENTION_DAYS (docs/retention.md). Safe to interrupt and to repeat at any point:
// how far a day has come is read from PostgreSQL, and one process works at a time.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { expireOfDay, hasUnsignalled, type IdsOfDay } from '#db/deliveries/expire-day';
import { forgetOldEndpoints } from '#db/endpoints/old-endpoints';
import { deleteEventIdsOfDay, deleteOutboxOfDay } from '#db/events/end-of-day';
import {
  detachPartition,
  dropDetached,
  type OldPartition,
  oldPartitions,
  type Partitioned,
  withPartitionLock,
} from '#db/store/old-partitions';
import type { Db } from '#db/store/pool';
import { firstUuidAt } from '#domain/ids';
import type { Lanes } from '#domain/lanes/lane';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';

const dayMs = 86_400_000;
const pageSize = 1_000;
/** Between two pages, so that other work has the disk in between. */
const breathMs = 5;
/** Workflows that could not be signalled for so long, because Temporal is away, do not keep a day any longer. */
const longestSignallingDays = 1;

export interface RetentionDeps {
  db: Db;
  lanes: Pick<Lanes, 'changed'>;
  log: Logger;
  keepDays: number;
  deadLetterWindowMs: number;
  reached?: Reached | undefined;
}

/**
 * Returns the days that are gone. A day whose workflows are yet to be signalled is left for the next run. Rejects if a
 * partition is in use for too long, as by a backup: the next run goes on.
 */
export async function dropOldDays(deps: RetentionDeps, signal: AbortSignal): Promise<string[]> {
  const { db, keepDays } = deps;
  const dropped: string[] = [];
  if ((await oldPartitions(db, keepDays)).length === 0) return dropped;
  await withPartitionLock(db, async (session) => {
    const old = await oldPartitions(session, keepDays);
    for (const day of new Set(old.map((partition) => partition.day))) {
      if (signal.aborted) return;
      const parts = new Map(old.filter((partition) => partition.day === day).map((partition) => [partition.parent, partition]));
      if (await dropDay(deps, session, day, parts, signal)) dropped.push(day);
    }
  });
  if (dropped.length > 0) while (!signal.aborted && (await forgetOldEndpoints(db, keepDays, pageSize)) > 0) await delay(breathMs);
  return dropped;
}

type Parts = ReadonlyMap<Partitioned, OldPartition>;

/** All on one connection, so that the other work of its share goes on. False: it is not gone yet. */
async function dropDay(deps: RetentionDeps, session: pg.PoolClient, day: string, parts: Parts, signal: AbortSignal): Promise<boolean> {
  const { log, reached } = deps;
  const beganAt = performance.now();
  const ids: IdsOfDay = [firstUuidAt(Date.parse(day)), firstUuidAt(Date.parse(day) + dayMs)];
  const expired = parts.get('deliveries')?.state === 'attached' ? await expire(deps, session, day, ids, signal) : 0;
  if (expired === null) return false;
  await reached?.('day expired');
  const unsent = await deleteAll(() => deleteOutboxOfDay(session, ids, pageSize), signal);
  // events first: then nothing of this day can be planned or sent again
  for (const parent of ['events', 'deliveries', 'attempts'] as const) {
    const partition = parts.get(parent);
    if (signal.aborted) return false;
    if (partition) await detachPartition(session, partition);
    await reached?.('partition detached');
  }
  for (const parent of ['deliveries', 'attempts'] as const) await dropDetached(session, { parent, day });
  const seconds = Math.round(performance.now() - beganAt) / 1_000;
  await reached?.('partitions dropped');
  if (parts.has('events')) {
    if (!(await deleteEventIds(session, day, signal))) return false;
    await reached?.('event ids deleted');
    await dropDetached(session, { parent: 'events', day });
  }
  log.info({ day, expired, unsent, seconds }, 'retention.day_dropped');
  return true;
}

/** Returns how many deliveries expired. Null: some of their workflows are yet to be signalled, or it was interrupted. */
async function expire(
  { lanes, keepDays, deadLetterWindowMs, log }: RetentionDeps,
  session: pg.PoolClient,
  day: string,
  ids: IdsOfDay,
  signal: AbortSignal,
): Promise<number | null> {
  let expired = 0;
  while (!signal.aborted) {
    const page = await expireOfDay(session, ids, pageSize, deadLetterWindowMs);
    if (page.expired === 0) break;
    expired += page.expired;
    for (const endpointId of page.lanes) await lanes.changed(endpointId);
  }
  if (expired > 0) log.warn({ day, expired }, 'retention.deliveries_expired');
  const patienceEnds = Date.parse(day) + (keepDays + longestSignallingDays + 1) * dayMs;
  return signal.aborted || (Date.now() < patienceEnds && (await hasUnsignalled(session, ids))) ? null : expired;
}

/** False: it was interrupted. */
async function deleteEventIds(session: pg.PoolClient, day: string, signal: AbortSignal): Promise<boolean> {
  for (let after: string | null = firstUuidAt(0); after !== null; ) {
    if (signal.aborted) return false;
    after = await deleteEventIdsOfDay(session, day, after, 2 * pageSize);
    await delay(breathMs);
  }
  return true;
}

/** As far as it comes until it is interrupted. */
async function deleteAll(deletePage: () => Promise<number>, signal: AbortSignal): Promise<number> {
  let total = 0;
  for (let deleted = 1; deleted > 0 && !signal.aborted; total += deleted) deleted = await deletePage();
  return total;
}
