// GET /v1/event-types/{type}/fixtures: signed sample requests for the tests of a consumer.
import { z } from 'zod';
import { readType } from '#db/catalogue/event-types';
import { typeVersion } from '#domain/catalogue/event-type';
import { eventTypeName } from '#domain/events/event-type';
import { fixtures } from '#domain/sandbox/fixture';
import { fixturesOf } from '#fixtures/fixtures';
import { fixturesExample } from '../../examples/fixtures.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export function fixtureRoutes({ db }: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/event-types/:type/fixtures',
      operationId: 'getFixtures',
      summary: 'Get signed sample requests of an event type',
      description:
        'Requests as an endpoint gets them, made of the examples of the type and signed with a fixed secret at a fixed time: correct ones, and forged, changed and old ones that a receiver has to refuse. The same on every call, for the tests of a consumer. 409 if the version has no example.',
      scope: 'any',
      params: z.strictObject({ type: eventTypeName }),
      query: z.strictObject({
        version: z.coerce.number().pipe(typeVersion).optional().describe('The version of the type. Default: the current one.'),
      }),
      answers: { 200: { description: 'The fixtures.', schema: fixtures, example: fixturesExample } },
      problems: [409],
      async handler({ params: { type }, query: { version } }) {
        const found = await readType(db, type);
        if (!found) throw notFound('event type');
        const wanted = version === undefined ? found.versions.at(-1) : found.versions.find((one) => one.version === version);
        if (!wanted && version !== undefined) throw notFound('version', 'version');
        if (!wanted || wanted.examples.length === 0)
          throw new Problem(409, 'The version has no example to make requests of. Add examples with POST /v1/event-types/{type}/versions.');
        return answer(200, fixturesOf(type, wanted.version, wanted.examples));
      },
    }),
  ];
}
