// GET /v1/event-types/{type}/versions/{version}/changes: what a stored version changed.
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { StoredVersion } from '#db/catalogue/event-type-row';
import { readType } from '#db/catalogue/event-types';
import { typeVersion } from '#domain/catalogue/event-type';
import { eventTypeName } from '#domain/events/event-type';
import { compareSchemas } from '#domain/schemas/compare-schemas';
import { type Compatibility, compatibility, compatibilityOf } from '#domain/schemas/schema-change';
import { versionChangesExample } from '../../examples/catalogue.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const params = z.strictObject({ type: eventTypeName, version: z.coerce.number().pipe(typeVersion) });
const query = z.strictObject({
  since: z.coerce.number().pipe(typeVersion).optional().describe('The version to compare with. Default: the one before.'),
});
const versionChanges = z.object({
  comparedWith: typeVersion.nullable().describe('null: it is the first version'),
  compatibility: compatibility.nullable().describe('null: there is nothing to compare with'),
});

const mostRemembered = 100;

export function versionChangesRoute({ db }: ApiDeps): Route {
  // any caller may ask, again and again, and a large schema takes long to compare
  const remembered = new LRUCache<string, Compatibility>({ max: mostRemembered });
  const compared = (type: string, before: StoredVersion, after: StoredVersion) => {
    const key = [type, before.version, before.updatedAt, after.version, after.updatedAt].join(' ');
    const found = remembered.get(key) ?? compatibilityOf(compareSchemas(before.schema, after.schema));
    remembered.set(key, found);
    return found;
  };
  return route({
    method: 'get',
    path: '/v1/event-types/:type/versions/:version/changes',
    operationId: 'getEventTypeVersionChanges',
    summary: 'Read what a version changed',
    description: 'Compares the schema of a version with that of another one, by default the one before, and says what breaks.',
    scope: 'any',
    params,
    query,
    answers: {
      200: { description: 'The changes.', schema: versionChanges, example: versionChangesExample },
    },
    async handler({ params: { type, version }, query: { since } }) {
      const versions = (await readType(db, type))?.versions ?? [];
      const index = versions.findIndex((one) => one.version === version);
      const [after, before] = [versions[index], since === undefined ? versions[index - 1] : versions.find((one) => one.version === since)];
      if (!after) throw notFound('version');
      if (!before && since !== undefined) throw notFound('version', 'since');
      return answer(200, {
        comparedWith: before?.version ?? null,
        compatibility: before ? compared(type, before, after) : null,
      });
    },
  });
}
