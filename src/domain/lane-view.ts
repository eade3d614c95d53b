// An endpoint's lane and its sequence numbers as the API and the dashboard show them.
import { z } from 'zod';
import { laneStates, laneWait } from './lane.ts';
import { rateLimit } from './lane-settings.ts';

/** Why its deliveries wait for a lane: what the endpoint's settings say, and what became of it. */
export const laneCauses = [
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
    .describe('none: it has no lane; awake: sends; idle: waits for deliveries; shut: waits for its time or for a change'),
  reasons: z.array(z.enum(laneCauses)).describe('why its deliveries are held for a lane; none: they are sent without one'),
  waitingFor: laneWait.nullable().describe('why it sends nothing now'),
  held: z.int().describe('deliveries that wait in it; 100,000 are counted at most'),
  heldIsMore: z.boolean(),
  oldestHeldAt: z.iso.datetime().nullable().describe('when the oldest of them was made'),
  oldestHeldAgeMs: z.int().nullable(),
  rateLimit: rateLimit.nullable(),
  tenantRateLimit: rateLimit.nullable().describe('of all endpoints of its tenant together'),
  allowance: z.int().nullable().describe('requests at once that the lane allows itself now; null: it has sent nothing yet'),
  circuit: z.object({
    state: z.enum(['closed', 'open']).describe('open: only probed, one request at a time'),
    probeAt: z.iso.datetime().nullable(),
    refusedProbes: z.int(),
  }),
  dueAt: z.iso.datetime().nullable().describe('when it acts by itself'),
  failingSince: z.iso.datetime().nullable().describe('since when it has accepted nothing'),
  workflowId: z.string().nullable(),
  temporalUrl: z.string().nullable(),
});
export type LaneView = z.infer<typeof laneView>;

export const sequenceView = z.object({
  endpoint: z.string(),
  orderingKey: z.string().nullable(),
  lastSent: z.int().nullable().describe('the number last given, at a first request; null: none yet'),
  lastAccepted: z.int().nullable().describe('the highest number that was accepted'),
  gaps: z.array(z.int()).describe('numbers below it that were not accepted, the newest first; at most 100, of the last 10,000 numbers'),
  nextOffered: z.int().describe('the number of the next request: of one that is tried again, else a new one'),
});

/** Numbers below the highest accepted that are not among the accepted, the newest first, down to `lowest`. */
export function gapsIn(accepted: Iterable<number>, lowest: number, most: number): number[] {
  const known = new Set(accepted);
  const gaps: number[] = [];
  const highest = [...known].reduce((a, b) => Math.max(a, b), 0);
  for (let number = highest - 1; number >= lowest && gaps.length < most; number--) if (!known.has(number)) gaps.push(number);
  return gaps;
}
