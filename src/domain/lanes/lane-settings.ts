// Endpoint settings that need a lane: rate limit, ordering, dead letters, batching, coalescing,
// recovery.
import { z } from 'zod';

export const rateLimit = z
  .strictObject({
    perSecond: z.number().min(0.1).max(10_000).describe('requests per second, evenly paced'),
    burst: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('requests that may be sent at once after an idle time; by default a tenth of perSecond, rounded up'),
  })
  .describe('rate limit of requests, retries included: at most burst + perSecond in any second');
/** Without `burst`: `defaultBurst` of the rate. */
export type RateLimit = z.infer<typeof rateLimit>;

export const ordering = z
  .enum(['none', 'endpoint', 'key'])
  .describe(
    'none: events are sent as soon as possible; endpoint: one at a time, in the order of acceptance; key: one at a time within each orderingKey, while events without one are sent as soon as possible and get no sequence number',
  );
export type Ordering = z.infer<typeof ordering>;

export const onDeadLetter = z
  .enum(['skip', 'block'])
  .describe(
    'what an ordered endpoint does after a dead letter. skip: continues with the next event; block: waits until the dead letter is replayed or skipped',
  );
export type OnDeadLetter = z.infer<typeof onDeadLetter>;

export const batch = z
  .strictObject({
    maxEvents: z.int().min(1).max(1_000).describe('maximum number of events in one request'),
    maxWaitMs: z.int().min(0).max(60_000).describe('how long the first event of a batch waits for more events at most, in milliseconds'),
  })
  .describe('several events in one request of at most about 2 MiB; the webhook `batch` in this document describes its body');
export type Batch = z.infer<typeof batch>;

export const coalesceMs = z
  .int()
  .min(100)
  .max(3_600_000)
  .describe('window in milliseconds in which only the latest event with the same coalesceKey is sent');

export const autoRecover = z
  .boolean()
  .describe(
    'an endpoint that fails for too long is disabled. true: it is probed (every hour by default) and enabled again when a probe succeeds; false: nothing is sent until it is resumed',
  );

/** Null or left out: not set. */
interface LaneSettings {
  ordering?: Ordering | null | undefined;
  batch?: Batch | null | undefined;
  coalesceMs?: number | null | undefined;
}

/**
 * Settings that cannot be combined; empty when they are valid. Call it with the settings as they would be after a
 * change.
 */
export function laneSettingsProblems(settings: LaneSettings): { path: string; message: string }[] {
  const problems = [];
  const order = settings.ordering ?? 'none';
  if (settings.batch && order === 'key')
    problems.push({ path: 'batch', message: 'cannot be combined with ordering key, because a refused batch would block every key in it' });
  if (settings.coalesceMs != null && order !== 'none')
    problems.push({ path: 'coalesceMs', message: `cannot be combined with ordering ${order}, which sends every event` });
  return problems;
}
