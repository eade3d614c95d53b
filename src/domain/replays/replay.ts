// Replay job: the request that starts one, how the API shows it, and what its statuses allow.
import { z } from 'zod';
import { type DeliveryStatus, deliveryStatus, type obeyedIn } from '../deliveries/delivery.ts';
import { endpointId } from '../endpoints/endpoint-id.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { etag } from '../etag.ts';
import { instant } from '../events/event.ts';
import { eventTypePattern } from '../events/event-type.ts';
import { isId, unixMsOf, uuidOf } from '../ids.ts';
import { paces } from './pace.ts';

export const replayStatuses = ['counting', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
export const replayStatus = z.enum(replayStatuses);
export type ReplayStatus = (typeof replayStatuses)[number];

/** The statuses in which a delivery can be replayed, by a job as by hand. */
export const replayable = ['dead_lettered', 'succeeded'] as const satisfies (typeof obeyedIn.replay)[number][];
export type Replayable = (typeof replayable)[number];

export const targets = ['frozen', 'current'] as const;
const replayTarget = z.enum(targets);
export type ReplayTarget = (typeof targets)[number];

const perSecond = z.number().min(paces.slowest).max(paces.fastest);
const statuses = z
  .array(z.enum(replayable, 'must be dead_lettered or succeeded: a delivery in another status cannot be replayed'))
  .min(1)
  .max(replayable.length);

/** So many can be chosen one by one. */
const mostChosen = 1_000;

export const newReplay = z.strictObject({
  tenant: tenantKey.optional().describe('only this tenant; absent: all tenants, or the one that the key is bound to'),
  endpoint: endpointId.optional().describe('only this endpoint'),
  status: statuses
    .optional()
    .describe('deliveries that have one of these statuses; dead_lettered by default, none by default with neverAttempted'),
  neverAttempted: z
    .boolean()
    .optional()
    .describe(
      'also events for which an endpoint that wants them now has no delivery: it was created later, or its event types, channels or filter have changed',
    ),
  types: z.array(eventTypePattern).min(1).max(100).optional().describe('only these event types; order.* stands for all that begin so'),
  deliveries: z
    .array(z.string().refine((id) => isId('dlv', id), 'must be the id of a delivery, such as dlv_…'))
    .min(1)
    .max(mostChosen)
    .optional()
    .describe('only these deliveries; the other fields select among them, and since may be absent'),
  since: instant.optional().describe('only events accepted at this time or later; required without deliveries'),
  until: instant.optional().describe('only events accepted before this time; absent or in the future: now'),
  target: replayTarget
    .optional()
    .describe(
      'frozen: as the endpoint was subscribed then. current: only what it is subscribed to now; the default with neverAttempted, which needs it',
    ),
  perSecond: perSecond.optional().describe(`how many deliveries a second; ${paces.usual} by default`),
  dryRun: z.boolean().optional().describe('true: only counts what would be replayed'),
});
export type NewReplay = z.output<typeof newReplay>;

export const replayChange = z.strictObject({ perSecond: perSecond.describe('how many deliveries a second, from now on') });

/** What contradicts itself in a request, judged at `nowMs`. Empty when it is valid. */
export function replayProblems(asked: NewReplay, nowMs: number): { path: string; message: string }[] {
  const { deliveries, since, until, neverAttempted, target } = asked;
  const problems = [];
  if (since === undefined && !deliveries) problems.push({ path: 'since', message: 'is missing; it may be absent only with deliveries' });
  if (since !== undefined && Date.parse(since) >= nowMs) problems.push({ path: 'since', message: 'must be in the past' });
  if (since !== undefined && until !== undefined && Date.parse(until) <= Date.parse(since))
    problems.push({ path: 'until', message: 'must be later than since' });
  if (neverAttempted && deliveries)
    problems.push({ path: 'neverAttempted', message: 'must not be true with deliveries: a delivery that is chosen exists' });
  if (neverAttempted && target === 'frozen')
    problems.push({ path: 'target', message: 'must be current with neverAttempted: an endpoint was not subscribed to what it never got' });
  return problems;
}

/** What a job replays. */
export interface ReplaySelection {
  statuses: Replayable[];
  neverAttempted: boolean;
  /** Patterns; empty: all. */
  types: string[];
  target: ReplayTarget;
  /** Ids; null: not chosen one by one. */
  deliveries: string[] | null;
  since: string;
  until: string;
}

export function selectionOf(asked: NewReplay, nowMs: number): ReplaySelection {
  const { status, neverAttempted = false, types = [], since, until, target } = asked;
  const deliveries = asked.deliveries ? [...new Set(asked.deliveries)] : null;
  const span = spanOf(deliveries, nowMs);
  return {
    statuses: status ? replayable.filter((one) => status.includes(one)) : neverAttempted ? [] : ['dead_lettered'],
    neverAttempted,
    types,
    target: target ?? (neverAttempted ? 'current' : 'frozen'),
    deliveries,
    since: new Date(since === undefined ? span.sinceMs : Date.parse(since)).toISOString(),
    until: new Date(Math.min(until === undefined ? span.untilMs : Date.parse(until), span.untilMs)).toISOString(),
  };
}

/** The time of the events of chosen deliveries, which is in their ids. */
function spanOf(deliveries: string[] | null, nowMs: number): { sinceMs: number; untilMs: number } {
  if (!deliveries) return { sinceMs: 0, untilMs: nowMs };
  const times = deliveries.map((id) => unixMsOf(uuidOf(id)));
  return { sinceMs: Math.min(...times), untilMs: Math.max(...times) + 1 };
}

export type ReplayCommand = 'pause' | 'resume' | 'cancel';

/** The statuses in which each command changes something. In the status that it leads to, it changes nothing. */
export const replayObeyedIn: Record<ReplayCommand, readonly ReplayStatus[]> = {
  pause: ['counting', 'running'],
  resume: ['paused', 'failed'],
  cancel: ['counting', 'running', 'paused', 'failed'],
};

/** due: it waits for its first attempt. open: it is retried, or its lane holds it. */
export type ResultOf = 'succeeded' | 'failed' | 'due' | 'open';

/** What became of a replayed delivery. `last`: it is asked for the last time, so a refused one has failed. */
export function resultOf({ status, attempts }: { status: DeliveryStatus; attempts: number }, last: boolean): ResultOf {
  if (status === 'succeeded') return 'succeeded';
  if (status === 'pending' && attempts === 0) return 'due';
  if (status === 'pending' || status === 'retrying' || status === 'held') return last && attempts > 0 ? 'failed' : 'open';
  return 'failed';
}

const count = (what: string) => z.int().describe(what);

export const replayView = z.object({
  id: z.string(),
  etag,
  status: replayStatus.describe(
    'counting, then running; done: all are replayed, and have a result or wait; failed: an internal error, see error',
  ),
  tenant: z.string().nullable().describe('null: all tenants'),
  endpoint: z.string().nullable().describe('null: all endpoints'),
  selection: z.object({
    status: z.array(deliveryStatus),
    neverAttempted: z.boolean(),
    types: z.array(z.string()).describe('empty: all'),
    target: replayTarget,
    deliveries: z.int().nullable().describe('how many deliveries were chosen one by one; null: none were'),
    since: z.iso.datetime(),
    until: z.iso.datetime(),
  }),
  matched: count('deliveries to replay; 0 while they are counted'),
  done: count('of them, those that the job is done with: replayed or skipped'),
  succeeded: count('replayed, and accepted by the endpoint'),
  failed: count('replayed, and refused at the first attempt of the new round, or ended otherwise; retries go on as usual'),
  deadLettered: z
    .int()
    .nullable()
    .describe('replayed, and dead letters now; null: not counted, as in lists, or because there are too many other dead letters'),
  skipped: count('not replayed: replayed by hand, cancelled or erased meanwhile, or the endpoint was deleted'),
  waiting: count('replayed, and without a result: in flight, retrying, or held by the lane of the endpoint'),
  perSecond: z.number(),
  rate: z.number().nullable().describe('deliveries replayed per second, over the last seconds; null: not measured'),
  error: z.string().nullable().describe('why the job failed'),
  createdBy: z.string().describe('id of the API key or portal link; bootstrap: the key from the configuration'),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  estimatedEndAt: z.iso.datetime().nullable().describe('null: not running'),
  workflowId: z.string(),
  temporalUrl: z.string().nullable().describe('link to its workflow in the Temporal Web UI'),
});
export type ReplayView = z.infer<typeof replayView>;

export const dryRun = z.object({
  matched: count('deliveries that would be replayed'),
  endpoints: count('how many endpoints they go to'),
  tenants: count('of how many tenants'),
});

/** Milliseconds until a running job ends at its pace, or at its measured rate if that is lower. */
export function estimatedMs(matched: number, done: number, perSecond: number, rate: number | null): number {
  const left = Math.max(0, matched - done);
  return (left / Math.min(perSecond, rate !== null && rate > 0 ? rate : perSecond)) * 1_000;
}
