// What an endpoint may ask of its lane: a rate, an order, batches, and what becomes of events that are overtaken or given up.
import { z } from 'zod';

export const rateLimit = z
  .strictObject({
    perSecond: z.number().min(0.1).max(10_000).describe('requests a second, paced evenly'),
    burst: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('how many may go at once after a rest; a tenth of perSecond by default, rounded up'),
  })
  .describe('the most requests, retries included: in any second no more than burst + perSecond');
/** Without `burst`: `defaultBurst` of the rate. */
export type RateLimit = z.infer<typeof rateLimit>;

export const ordering = z
  .enum(['none', 'endpoint', 'key'])
  .describe(
    'none: as soon as possible; endpoint: one after the other, in the order of acceptance; key: so within each orderingKey, and events without one as soon as possible, without a number',
  );
export type Ordering = z.infer<typeof ordering>;

export const onDeadLetter = z
  .enum(['skip', 'block'])
  .describe('what an ordered endpoint does about a dead letter. skip: goes on with the next; block: waits until it is replayed or skipped');
export type OnDeadLetter = z.infer<typeof onDeadLetter>;

export const batch = z
  .strictObject({
    maxEvents: z.int().min(1).max(1_000).describe('events in one request, at most'),
    maxWaitMs: z.int().min(0).max(60_000).describe('how long the first event of a batch waits for others, at most, in milliseconds'),
  })
  .describe('several events in one request, about 2 MiB at most; the webhook batch tells what it is like');
export type Batch = z.infer<typeof batch>;

export const coalesceMs = z
  .int()
  .min(100)
  .max(3_600_000)
  .describe('a window in milliseconds, in which only the latest event of a coalesceKey is sent');

export const autoRecover = z
  .boolean()
  .describe(
    'after a long failure an endpoint is disabled. true: probe it, every hour by default, and enable it again when a probe succeeds; false: send nothing until it is resumed',
  );

/** Null or left out: not set. */
interface LaneSettings {
  ordering?: Ordering | null | undefined;
  batch?: Batch | null | undefined;
  coalesceMs?: number | null | undefined;
}

/** Combinations that make no sense; none when all is well. Asked of the settings as they would stand after a change. */
export function laneSettingsProblems(settings: LaneSettings): { path: string; message: string }[] {
  const problems = [];
  const order = settings.ordering ?? 'none';
  if (settings.batch && order === 'key')
    problems.push({ path: 'batch', message: 'cannot be combined with ordering key: a refused batch would hold up every key in it' });
  if (settings.coalesceMs != null && order !== 'none')
    problems.push({ path: 'coalesceMs', message: `cannot be combined with ordering ${order}, where every event is sent` });
  return problems;
}
