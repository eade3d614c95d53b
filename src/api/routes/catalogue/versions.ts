// /v1/event-types/{type}/versions: list, read, add and replace versions, and compare a schema with them.
import { z } from 'zod';
import { putTypeVersion } from '#db/catalogue/change-catalogue';
import { lockPins } from '#db/catalogue/converters';
import { readType } from '#db/catalogue/event-types';
import { newVersion, typeVersion, versionView } from '#domain/catalogue/event-type';
import type { VersionStep, WantedVersion } from '#domain/catalogue/plan-version';
import { eventTypeName } from '#domain/events/event-type';
import { compatibility } from '#domain/schemas/schema-change';
import * as examples from '../../examples/catalogue.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Call, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { storeChecked, versionsStored } from './converters.ts';
import { catalogueBodyLimit } from './event-types.ts';
import { requireSchema, showVersion, touchesOf } from './show-type.ts';
import { versionChangesRoute } from './version-changes.ts';

const params = z.strictObject({ type: eventTypeName });
const oneParams = params.extend({ version: z.coerce.number().pipe(typeVersion) });

const touches = z.object({
  endpoints: z.int().describe('how many endpoints get events of this type'),
  first: z.array(z.object({ endpoint: z.string(), tenant: z.string() })).describe('the newest of them, at most 50'),
  filters: z
    .array(z.object({ endpoint: z.string(), tenant: z.string(), paths: z.array(z.string()) }))
    .describe('endpoints whose filter looks at a place that a change breaks, with these paths; at most 50'),
});

const compared = {
  comparedWith: typeVersion.nullable().describe('the version that the schema was compared with; null: there was none'),
  compatibility: compatibility.nullable().describe('null: there was nothing to compare with'),
  touches: touches.describe('whom the change touches'),
};

const putView = versionView.extend(compared);
const comparison = z.object({
  action: z
    .enum(['add', 'replace', 'keep', 'refuse'])
    .describe('what the same body does at `versions`: adds a version, replaces one, changes nothing, or is refused'),
  version: typeVersion,
  reason: z.string().optional().describe('only for `refuse`'),
  ...compared,
});

export function versionRoutes(deps: ApiDeps): Route[] {
  return [put(deps), compare(deps), list(deps), read(deps), versionChangesRoute(deps)];
}

type PutCall = Call<z.output<typeof params>, unknown, z.output<typeof newVersion>>;

/** Throws a 404 or 422. */
async function putOf({ db, vault }: ApiDeps, { params: { type }, body, audit }: PutCall, dryRun: boolean) {
  const { version = 'next', schema, examples, converters = [] } = body;
  requireSchema(schema, examples);
  const wanted: WantedVersion = { version, examples, ...(schema !== null && { schema }) };
  const put = await putTypeVersion(db, type, wanted, dryRun, audit, async (client, stored, step) => {
    await lockPins(client, 'exclusive');
    for (const [index, { to, steps }] of converters.entries())
      await storeChecked(client, type, { from: step.version.version, to, steps }, stored.versions, `converters[${index}].`);
    await versionsStored(vault)(client, type, [step.version.version]);
  });
  if (!put) throw notFound('event type');
  return put;
}

const put = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/event-types/:type/versions',
    operationId: 'putEventTypeVersion',
    summary: 'Add or replace a version',
    description:
      'The schema is compared with the version of this number, or with the highest version. 201: a version was added, which may break. 200: an existing version was replaced by a compatible schema, or is the same already. 409: the change breaks the existing version, or the number is not higher than all others; `errors` has the reasons.',
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.put_version',
    params,
    body: newVersion,
    bodyExample: examples.newVersionExample,
    bodyLimit: catalogueBodyLimit,
    answers: {
      201: { description: 'The added version.', schema: putView, example: examples.putVersionExample },
      200: { description: 'The replaced version.', schema: putView, example: examples.putVersionExample },
    },
    async handler(call) {
      const { type, step } = await putOf(deps, call, false);
      if (step.action === 'refuse') throw refusal(step);
      await deps.catalogue.refresh();
      const { comparedWith, compatibility } = step;
      const stored = type.versions.find(({ version }) => version === step.version.version);
      if (!stored) throw notFound('event type');
      const shown = {
        ...showVersion(stored),
        comparedWith,
        compatibility,
        touches: await touchesOf(deps.db, type.name, compatibility?.changes ?? []),
      };
      return answer(step.action === 'add' ? 201 : 200, shown);
    },
  });

function refusal({ reason = 'is refused', compatibility, version }: VersionStep): Problem {
  const breaking = (compatibility?.changes ?? []).filter(({ breaks }) => breaks.length > 0);
  const reasons = breaking.map(({ path, message, breaks }) => ({
    path: `schema: ${path}`,
    message: `${message} (breaks ${breaks.join(' and ')})`,
  }));
  const errors = [{ path: 'version', message: reason }, ...reasons].slice(0, 100);
  return new Problem(409, `The version ${version.version} ${reason}.`, { errors });
}

const compare = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/event-types/:type/compare',
    operationId: 'compareEventType',
    summary: 'Compare a schema with a version',
    description: 'Says what the same body would do at `versions`, what breaks and whom it touches. Nothing is stored.',
    scope: 'admin',
    allTenants: true,
    params,
    body: newVersion,
    bodyExample: examples.newVersionExample,
    bodyLimit: catalogueBodyLimit,
    answers: { 200: { description: 'The comparison.', schema: comparison, example: examples.comparisonExample } },
    async handler(call) {
      const { type, step } = await putOf(deps, call, true);
      const { action, version, comparedWith, compatibility, reason } = step;
      return answer(200, {
        action,
        version: version.version,
        ...(reason !== undefined && { reason }),
        comparedWith,
        compatibility,
        touches: await touchesOf(deps.db, type.name, compatibility?.changes ?? []),
      });
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/event-types/:type/versions',
    operationId: 'listEventTypeVersions',
    summary: 'List the versions of an event type',
    description: 'All of them, the highest first, with their schemas and examples.',
    scope: 'any',
    params,
    answers: {
      200: { description: 'The versions.', schema: z.object({ data: z.array(versionView) }), example: { data: [examples.versionExample] } },
    },
    async handler({ params: { type } }) {
      const found = await readType(db, type);
      if (!found) throw notFound('event type');
      return answer(200, { data: found.versions.toReversed().map(showVersion) });
    },
  });

const read = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/event-types/:type/versions/:version',
    operationId: 'getEventTypeVersion',
    summary: 'Read a version of an event type',
    description: 'With its schema and examples.',
    scope: 'any',
    params: oneParams,
    answers: { 200: { description: 'The version.', schema: versionView, example: examples.versionExample } },
    async handler({ params: { type, version } }) {
      const found = (await readType(db, type))?.versions.find((one) => one.version === version);
      if (!found) throw notFound('version');
      return answer(200, showVersion(found));
    },
  });
