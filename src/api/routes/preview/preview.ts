// POST /v1/endpoints/{endpoint}/preview: what a change of the settings would do, before it is made. Stores nothing.
import { z } from 'zod';
import { countUnfinished, mostUnfinishedCounted } from '#db/endpoints/count-unfinished';
import { type EndpointSettings, readEndpoint } from '#db/endpoints/endpoints';
import { changeEffect, type EndpointChange } from '#domain/endpoints/change-effect';
import { changeEffects } from '#domain/endpoints/change-effects';
import { type Endpoint, endpointChange } from '#domain/endpoints/endpoint';
import { endpointProblems, type SettingsProblem } from '#domain/endpoints/endpoint-problems';
import { takenElsewhere } from '#domain/endpoints/endpoint-target';
import type { Subscription } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { endpointChangeExample, previewExample } from '../../examples/endpoints.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { storedFilter } from '../endpoints/endpoint-filter.ts';
import { endpointParams } from '../endpoints/endpoints.ts';
import { showEndpoint } from '../endpoints/show-endpoint.ts';
import { effectFacts } from './effect-facts.ts';
import { mostSampled, sampleOf } from './subscription-sample.ts';

const preview = z
  .object({
    effects: z.array(changeEffect).describe('one for each setting that would really change'),
    problems: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe('settings that contradict each other, so the change would be refused. Other checks are made only by the change itself'),
    sample: z
      .object({
        events: z
          .int()
          .describe(
            `how many of the latest events were looked at: at most ${mostSampled.plain} of the last 7 days, ${mostSampled.read} where a filter reads them`,
          ),
        since: z.iso.datetime().nullable().describe('when the oldest of them was accepted; null: there are none'),
        before: z.int().describe('how many of them the endpoint wants as it is'),
        after: z.int().describe('how many of them it would want'),
      })
      .nullable()
      .describe('null: what the endpoint gets does not change'),
    unfinished: z.int().describe(`deliveries that a deletion would cancel, dead letters included, counted up to ${mostUnfinishedCounted}`),
    unfinishedIsMore: z.boolean().describe('true: there are more than unfinished says'),
  })
  .meta({ id: 'ChangePreview' });

export function previewRoutes(deps: ApiDeps): Route[] {
  return [previewChange(deps)];
}

const previewChange = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/preview',
    operationId: 'previewEndpointChange',
    summary: 'Preview a change of an endpoint',
    description:
      'What a change would do, in sentences: to waiting deliveries, to the pace, and to the latest events of the tenant. Takes the body of the change, and stores nothing.',
    scope: 'endpoints:write',
    params: endpointParams,
    body: endpointChange,
    bodyExample: endpointChangeExample,
    answers: { 200: { description: 'The effects of the change.', schema: preview, example: previewExample } },
    async handler({ params, body, members }) {
      const stored = await readEndpoint(deps.db, params.endpoint);
      if (!stored) throw notFound('endpoint');
      const before = showEndpoint(deps, stored);
      const { eventTypes = stored.eventTypes, channels = stored.channels } = body;
      const after = { filter: stored.filter, ...storedFilter(body.filter, members), eventTypes, channels };
      const selects = [body.eventTypes, body.channels, body.filter].some((given) => given !== undefined);
      const [facts, sample, unfinished] = await Promise.all([
        effectFacts(deps, params.endpoint),
        selects ? sampleOf(deps, stored.tenant, subscriptionOf(stored), subscriptionOf(after)) : null,
        countUnfinished(deps.db, params.endpoint),
      ]);
      return answer(200, {
        effects: changeEffects(before, body, facts),
        problems: problemsOf(deps, before, stored.sealed, body),
        sample,
        unfinished: Math.min(unfinished, mostUnfinishedCounted),
        unfinishedIsMore: unfinished > mostUnfinishedCounted,
      });
    },
  });

function subscriptionOf({ eventTypes, channels, filter }: Pick<EndpointSettings, 'eventTypes' | 'channels' | 'filter'>): Subscription {
  return { eventTypes, channels, filter: filterOf(filter) };
}

/** What the stored settings and the change contradict each other in. */
function problemsOf({ vault }: ApiDeps, before: Endpoint, sealed: Uint8Array, change: EndpointChange): SettingsProblem[] {
  const { transform = before.transform } = change;
  const settings = endpointProblems({ ...before, ...change, isWhole: transform !== null });
  const { auth, tls, headers, url } = change;
  const target = {
    ...(auth !== undefined && { auth }),
    ...(tls !== undefined && { tls }),
    ...(headers && { headers }),
    ...(url && { url }),
  };
  const taken = url && URL.canParse(url) ? takenElsewhere(target, openTarget(vault, before.id, sealed)) : [];
  return [
    ...settings,
    ...taken.map((path) => ({ path, message: 'was given for another origin: send it again with its values, or remove it' })),
  ];
}
