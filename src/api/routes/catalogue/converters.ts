// /v1/event-types/{type}/converters: list, store and delete the converters between the versions of a type.
import { z } from 'zod';
import { checkConverter } from '#catalogue/check-converter';
import { changeConverters } from '#db/catalogue/change-converters';
import { lockPins, putConverter, readConverters, removeConverter } from '#db/catalogue/converters';
import type { StoredType } from '#db/catalogue/event-type-row';
import { readType } from '#db/catalogue/event-types';
import { converter } from '#domain/catalogue/converter';
import { typeVersion } from '#domain/catalogue/event-type';
import { eventTypeName } from '#domain/events/event-type';
import type { Converter } from '#domain/shaping/pins';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { reshapePinned } from './pinned-endpoints.ts';

const params = z.strictObject({ type: eventTypeName });
const oneParams = params.extend({
  from: z.coerce.number().pipe(typeVersion).describe('version from which it leads'),
  to: z.coerce.number().pipe(typeVersion).describe('version to which it leads'),
});
const example = { from: 2, to: 1, steps: [{ rename: 'customer.fullName', to: 'name' }, { drop: 'coupon' }] };

export function converterRoutes(deps: ApiDeps): Route[] {
  return [put(deps), list(deps), remove(deps)];
}

const put = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/event-types/:type/converters',
    operationId: 'putConverter',
    summary: 'Store a converter',
    description:
      'Adds or replaces the converter between two versions. It is tested with the examples of the version `from`: 422 with the place, if it makes of one what the schema of `to` does not allow, or can lose a required field. Endpoints that pin a version of the type use it for what is planned from now on.',
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.put_converter',
    params,
    body: converter,
    bodyExample: example,
    answers: { 200: { description: 'The stored converter.', schema: converter, example } },
    async handler({ params: { type }, body, audit }) {
      const stored = await changeConverters(deps.db, type, audit, async (db, { versions }) => {
        await storeChecked(db, type, body, versions);
        await reshapePinned(db, deps.vault, type);
        return { before: null, after: { from: body.from, to: body.to, steps: body.steps.length } };
      });
      if (!stored) throw notFound('event type');
      return answer(200, body);
    },
  });

type Querying = Pick<ApiDeps['db'], 'query'>;

/** Throws a 422. `prefix`: what stands before the path of a field. */
export async function storeChecked(
  db: Querying,
  type: string,
  given: Converter,
  versions: StoredType['versions'],
  prefix = '',
): Promise<void> {
  const faults = checkConverter(given, versions);
  if (faults.length > 0) throw invalid(faults.slice(0, 100).map(({ path, message }) => ({ path: `${prefix}${path}`, message })));
  await lockPins(db, 'exclusive');
  await putConverter(db, type, given);
}

/** What the change of versions means for the converters of their type, and for the endpoints that pin it. Throws a 409. */
export function versionsStored(vault: ApiDeps['vault']) {
  return async (db: Querying, name: string, versions: number[]): Promise<void> => {
    const type = await readType(db, name);
    if (!type) return;
    await lockPins(db, 'exclusive');
    for (const version of versions) await recheckConverters(db, type, version);
    await reshapePinned(db, vault, name);
  };
}

/** Tests the converters from and to a version that was changed. Throws a 409. */
async function recheckConverters(db: Querying, { name, versions }: StoredType, version: number): Promise<void> {
  const { converters = [] } = (await readConverters(db, [name])).get(name) ?? {};
  for (const one of converters.filter(({ from, to }) => from === version || to === version)) {
    const faults = checkConverter(one, versions).map(({ path, message }) => ({ path: `converters: ${path}`, message }));
    if (faults.length === 0) continue;
    const detail = `The converter from version ${one.from} to ${one.to} does not fit the changed version ${version}. Change or delete it first.`;
    throw new Problem(409, detail, { errors: faults.slice(0, 100) });
  }
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/event-types/:type/converters',
    operationId: 'listConverters',
    summary: 'List the converters of an event type',
    description: 'All of them, by the versions from and to which they lead.',
    scope: 'any',
    params,
    answers: { 200: { description: 'The converters.', schema: z.object({ data: z.array(converter) }), example: { data: [example] } } },
    async handler({ params: { type } }) {
      const found = (await readConverters(db, [type])).get(type);
      if (!found) throw notFound('event type');
      return answer(200, { data: found.converters });
    },
  });

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/event-types/:type/converters/:from/:to',
    operationId: 'deleteConverter',
    summary: 'Delete a converter',
    description:
      'Refused with 409 while an endpoint pins a version to which no other converters lead. Deliveries that are bound to it keep it.',
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.delete_converter',
    params: oneParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [409],
    async handler({ params: { type, from, to }, audit }) {
      const removed = await changeConverters(deps.db, type, audit, async (db) => {
        await lockPins(db, 'exclusive');
        if (!(await removeConverter(db, type, from, to))) throw notFound('converter');
        await reshapePinned(db, deps.vault, type);
        return { before: { from, to }, after: null };
      });
      if (!removed) throw notFound('event type');
      return noContent;
    },
  });
