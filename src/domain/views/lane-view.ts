// Lane and sequence numbers of an endpoint as the API shows them.
import { z } from 'zod';
import { laneStates, laneWait } from '../lanes/lane.ts';
import { rateLimit } from '../lanes/lane-settings.ts';

/** Why an endpoint's deliveries are held: its settings, its state, or its failures. */
const laneCauses = [
  'paused',
  'unverified',
  'disabled',
  'rate_limit',
  'ordering',
  'batch',
  'coalesce',
  'retry_after',
  'cap',
  'failing',
  'backlog',
] as const;
export type LaneCause = (typeof laneCauses)[number];

export const laneView = z.object({
  endpoint: z.string(),
  state: z
    .enum(['none', ...laneStates])
    .describe(
      'none: the endpoint has no lane; awake: it sends; idle: it waits for deliveries; blocked: it waits until dueAt or for a change',
    ),
  reasons: z.array(z.enum(laneCauses)).describe('why deliveries are held in the lane; empty: they are sent directly'),
  waitingFor: laneWait.nullable().describe('why the lane sends nothing now; null: it sends'),
  message: z.string().describe('what the lane does now, in a sentence'),
  advice: z.string().nullable().describe('what to do about it; null: nothing'),
  held: z.int().describe('number of deliveries in the lane, counted up to 100,000'),
  heldIsMore: z.boolean().describe('true: there are more than held says'),
  oldestHeldAt: z.iso.datetime().nullable().describe('when the oldest held delivery was created'),
  oldestHeldAgeMs: z.int().nullable(),
  rateLimit: rateLimit.nullable(),
  tenantRateLimit: rateLimit.nullable().describe('rate limit of all endpoints of the tenant together'),
  allowance: z.int().nullable().describe('current throttle: how many requests the lane may have in flight; null: it has sent nothing yet'),
  circuit: z.object({
    state: z.enum(['closed', 'open']).describe('open: only probes are sent, one at a time'),
    probeAt: z.iso.datetime().nullable(),
    refusedProbes: z.int(),
  }),
  dueAt: z.iso.datetime().nullable().describe('when the lane acts next; null: not before a signal'),
  failingSince: z.iso.datetime().nullable().describe('since when the endpoint has accepted nothing'),
  workflowId: z.string().nullable(),
  temporalUrl: z.string().nullable(),
});
export type LaneView = z.infer<typeof laneView>;

/** What the lane does now, in a sentence, is added by `laneSentence`. */
export type LaneFacts = Omit<LaneView, 'message' | 'advice'>;

export const queueView = z.object({
  orderingKey: z.string().nullable().describe('null: the endpoint has one order for all events'),
  held: z.int().describe('deliveries that wait in this order, counted up to 1,000'),
  heldIsMore: z.boolean().describe('true: there are more than held says'),
  head: z
    .object({
      delivery: z.string(),
      status: z.string(),
      attempts: z.int(),
      sequence: z.int().nullable().describe('null: not assigned yet'),
      nextAttemptAt: z.iso.datetime().nullable(),
    })
    .nullable()
    .describe('the delivery that goes next; null: none waits'),
  blockedBy: z.string().nullable().describe('the dead letter or quarantined delivery that blocks this order; null: none'),
});
export type QueueView = z.infer<typeof queueView>;

export const sequenceView = z.object({
  endpoint: z.string(),
  orderingKey: z.string().nullable(),
  lastSent: z.int().nullable().describe('last sequence number assigned (at the first request of a delivery); null: none yet'),
  lastAccepted: z.int().nullable().describe('highest accepted sequence number'),
  gaps: z
    .array(z.int())
    .describe('numbers below lastAccepted that were not accepted, newest first; at most 100, from the last 10,000 numbers'),
  nextOffered: z.int().describe('sequence number of the next request: that of a delivery to be retried, or else a new one'),
});

/**
 * Numbers from the highest accepted one down to `lowest` that are missing in `accepted`, newest first, at most `most`.
 */
export function gapsIn(accepted: Iterable<number>, lowest: number, most: number): number[] {
  const known = new Set(accepted);
  const gaps: number[] = [];
  const highest = [...known].reduce((a, b) => Math.max(a, b), 0);
  for (let number = highest - 1; number >= lowest && gaps.length < most; number--) if (!known.has(number)) gaps.push(number);
  return gaps;
}
