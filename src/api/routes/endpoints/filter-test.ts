// POST /v1/filters/test: whether a filter matches an event, and which part of it decides. Nothing is stored.
import { z } from 'zod';
import { maxEventBytes, standardBody } from '#domain/events/event';
import { eventTypeName } from '#domain/events/event-type';
import { memberTexts } from '#domain/events/json-slices';
import { decideOnce, EventContent, filter } from '#domain/filters/filter';
import { answer, type Route, route } from '../../http/route.ts';
import { storedFilter } from './endpoint-filter.ts';

const tested = z.object({
  matches: z.boolean().describe('true: an endpoint with this filter gets the event'),
  decidedBy: z
    .string()
    .describe(
      'JSON pointer to the smallest part of the filter that decided alone, such as /data.amount/$gte; empty: all of its conditions together',
    ),
});

export function filterTestRoutes(): Route[] {
  return [test()];
}

const test = () =>
  route({
    method: 'post',
    path: '/v1/filters/test',
    operationId: 'testFilter',
    summary: 'Test a filter with an event',
    description: 'Whether an endpoint with this filter gets this event, and which part of the filter decides. Nothing is stored.',
    scope: 'endpoints:read',
    shared: true,
    body: z.strictObject({
      filter,
      event: z.strictObject({ type: eventTypeName, data: z.unknown().describe('any JSON value') }),
    }),
    bodyExample: {
      filter: { 'data.amount': { $gte: 100 } },
      event: { type: 'order.created', data: { amount: 250 } },
    },
    bodyLimit: maxEventBytes,
    answers: {
      200: { description: 'The result.', schema: tested, example: { matches: true, decidedBy: '/data.amount/$gte' } },
    },
    async handler({ body, members }) {
      const { filter: text } = storedFilter(body.filter, members);
      const data = memberTexts(members.get('event') ?? '{}').members.get('data') ?? 'null';
      const content = new EventContent(standardBody(body.event.type, '', data));
      const { matches, decidedBy } = decideOnce(text ?? '', content);
      return answer(200, { matches, decidedBy });
    },
  });
