// GET …/retry-schedule/simulate: "down for 7 h: delivered when?", for an endpoint, for the usual schedule, or for one to try out.
import { z } from 'zod';
import { attemptTimes, attemptTimeView, outage, outageView } from '#consumer-docs/outages';
import { readEndpoint } from '#db/endpoints/endpoints';
import { duration, durationMs, durationOrNone, type RetryPolicy, retryPolicy } from '#domain/deliveries/retry-schedule';
import { endpointId } from '../../examples/ids.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from '../endpoints/endpoints.ts';

const usualTimeoutMs = 15_000;
const longestMs = 30 * 86_400_000;

const simulation = z
  .object({
    endpoint: z.string().nullable().describe('null: the schedule is not that of an endpoint'),
    schedule: retryPolicy,
    source: z.enum(['endpoint', 'default', 'given']).describe('where the schedule comes from'),
    attempts: z.array(attemptTimeView).describe('when each attempt is made if all before it fail'),
    result: outageView,
    note: z.string(),
  })
  .meta({ id: 'RetrySimulation' });

const note =
  'An endpoint that keeps failing gets single test requests in place of its backlog. What waits is then sent when it is well again, and may be earlier or later than the schedule says.';

const lasting = (meaning: string) =>
  durationOrNone.refine((text) => durationMs(text) <= longestMs, 'must be at most 30d').describe(meaning);

const circumstances = {
  downFor: lasting('How long the endpoint is down, such as `7h`.'),
  acceptedAfter: lasting('How long it has been down when the event is accepted; 0 by default.').optional(),
  retryAfter: lasting('The Retry-After of its refusals, at most 24h; none by default.').optional(),
};
type Circumstances = z.output<z.ZodObject<typeof circumstances>>;

const shared = {
  method: 'get',
  scope: 'endpoints:read',
  answers: {
    200: {
      description: 'When the event is delivered, with the bounds of the jitter.',
      schema: simulation,
      example: simulate({ schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] }, 'endpoint', { downFor: '7h' }, endpointId),
    },
  },
} as const;

/** `endpoint`: its id, and its own timeout. */
function simulate(
  policy: RetryPolicy,
  source: z.infer<typeof simulation>['source'],
  { downFor, acceptedAfter = '0s', retryAfter = '0s' }: Circumstances,
  endpoint: string | null = null,
  timeoutMs = usualTimeoutMs,
): z.infer<typeof simulation> {
  const [downForMs, acceptedAfterMs, retryAfterMs] = [downFor, acceptedAfter, retryAfter].map(durationMs) as [number, number, number];
  return {
    endpoint,
    schedule: policy,
    source,
    attempts: attemptTimes(policy, timeoutMs),
    result: outage(policy, { downForMs, acceptedAfterMs, retryAfterMs, timeoutMs }),
    note,
  };
}

export function simulateRoutes({ db, defaultRetry }: ApiDeps): Route[] {
  return [
    route({
      ...shared,
      path: '/v1/endpoints/:endpoint/retry-schedule/simulate',
      operationId: 'simulateEndpointRetries',
      summary: 'Simulate the retries of an endpoint',
      description: 'Answers when an event is delivered that is accepted while the endpoint is down, by its own retry schedule and timeout.',
      params: endpointParams,
      query: z.strictObject(circumstances),
      async handler({ params, query }) {
        const found = await readEndpoint(db, params.endpoint);
        if (!found) throw notFound('endpoint');
        const { id, retry, timeoutMs } = found;
        return answer(200, simulate(retry ?? defaultRetry, retry ? 'endpoint' : 'default', query, id, timeoutMs));
      },
    }),
    route({
      ...shared,
      shared: true,
      path: '/v1/retry-schedule/simulate',
      operationId: 'simulateRetries',
      summary: 'Simulate a retry schedule',
      description: 'The same for the usual schedule of this server, or for one that you try out before you give it to an endpoint.',
      query: z.strictObject({
        ...circumstances,
        schedule: z.string().max(1_000).optional().describe('Waits between attempts, such as `10s,1m,10m`; the usual schedule by default.'),
      }),
      async handler({ query: { schedule, ...given } }) {
        if (schedule === undefined) return answer(200, simulate(defaultRetry, 'default', given));
        return answer(200, simulate(policyOf(schedule), 'given', given));
      },
    }),
  ];
}

function policyOf(schedule: string): RetryPolicy {
  const waits = schedule.split(',').map((wait) => wait.trim());
  const parsed = retryPolicy.safeParse({ schedule: waits });
  if (parsed.success) return parsed.data;
  const wrong = waits.find((wait) => !duration.safeParse(wait).success);
  throw invalid([
    {
      path: 'schedule',
      message:
        wrong === undefined
          ? 'must have 1 to 50 waits that add up to at most 4 days'
          : `\`${wrong.slice(0, 40)}\` must be a whole number and a unit, such as 30s, 5m or 2h`,
    },
  ]);
}
