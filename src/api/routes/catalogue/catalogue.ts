// /v1/catalogue: apply a document to the catalogue, and export it. /asyncapi.json: the public types for consumers.
import { z } from 'zod';
import { version } from '#config/package';
import { applyCatalogue, readCatalogue } from '#db/catalogue/apply-catalogue';
import { readAllTypes } from '#db/catalogue/event-types';
import { readSubscribers } from '#db/catalogue/subscribers';
import type { Db } from '#db/store/pool';
import { mostTypes } from '#domain/catalogue/event-type';
import { catalogueFile } from '#domain/documents/catalogue-file';
import { type DocumentFormat, documentFormats } from '#domain/documents/catalogue-type';
import { type ExportedType, toAsyncapi, toOpenapi } from '#domain/documents/export-documents';
import { type CataloguePlan, cataloguePlan, isBreaking, type PlannedType, planCatalogue, showStep } from '#domain/documents/plan-catalogue';
import { inStretches } from '#domain/in-stretches';
import type { Converter } from '#domain/shaping/pins';
import * as examples from '../../examples/catalogue.ts';
import { Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { requireConverters, requireDocument } from './check-document.ts';
import { versionsStored } from './converters.ts';
import { touchedFilters } from './show-type.ts';

const documentLimit = 8 * 1024 * 1024;
const mostCounted = 200;

export function catalogueRoutes(deps: ApiDeps): Route[] {
  return [apply(deps), read(deps)];
}

const applyBody = z
  .strictObject({
    document: z
      .record(z.string(), z.unknown())
      .describe('a catalogue file (with `eventTypes`), an OpenAPI 3.1 document with `webhooks`, or an AsyncAPI 3 document, as JSON'),
    prune: z.boolean().optional().describe('true: types that the document does not have are deleted; false by default'),
    dryRun: z.boolean().optional().describe('true: only the plan; nothing is changed'),
  })
  .meta({ id: 'CatalogueToApply' });

const apply = ({ db, catalogue, vault }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/catalogue',
    operationId: 'applyCatalogue',
    summary: 'Apply a document to the catalogue',
    description:
      'Creates and changes the types of the document, all or none, and answers with what was done. A catalogue file is the whole truth about its types: settings that it leaves out get their defaults, and a version with `converters` has all that lead from it. OpenAPI and AsyncAPI leave settings that they do not have as they are; a breaking schema becomes the next version. Versions that the document does not list stay. 409 with the reasons if a breaking change has no new version number, or a version that an endpoint pins would be out of reach of the converters. Errors name the place as a JSON pointer into the document.',
    scope: 'admin',
    allTenants: true,
    audit: 'catalogue.apply',
    body: applyBody,
    bodyExample: examples.applyExample,
    bodyLimit: documentLimit,
    answers: { 200: { description: 'What was done, or would be.', schema: cataloguePlan, example: examples.planExample } },
    async handler({ body: { document, prune = false, dryRun = false }, ids, audit }) {
      const stored = await readCatalogue(db);
      const { format, types } = await requireDocument(document, stored);
      await requireConverters(await inStretches(planCatalogue(stored, types, prune)));
      const newId = () => ids.next('ety');
      const result = await applyCatalogue(db, types, { prune, dryRun, newId, audit, versionsStored: versionsStored(vault) });
      if (result === 'full')
        throw new Problem(409, `There would be more than ${mostTypes} event types, which is the limit.`, { code: 'limit_reached' });
      const { plan, applied } = result;
      if (!dryRun) requireNoRefusal(plan);
      if (applied) await catalogue.refresh();
      return answer(200, await shown(db, format, plan, applied));
    },
  });

function requireNoRefusal(plan: readonly PlannedType[]): void {
  const errors = plan.flatMap(({ name, faults, versions }) => [
    ...faults.map(({ pointer, message }) => ({ path: `document${pointer}`, message: `${name} ${message}` })),
    ...versions.flatMap(({ action, compatibility, of }) =>
      action === 'refuse'
        ? (compatibility?.changes ?? [])
            .filter(({ breaks }) => breaks.length > 0)
            .map(({ path, message, breaks }) => ({
              path: `document${of.schemaAt}`,
              message: `${path} ${message} (breaks ${breaks.join(' and ')})`,
            }))
        : [],
    ),
  ]);
  const [first] = errors;
  if (first) throw new Problem(409, `Nothing was applied: ${first.message}.`, { errors: errors.slice(0, 100) });
}

async function shown(db: Db, format: DocumentFormat, plan: readonly PlannedType[], applied: boolean): Promise<CataloguePlan> {
  const summary = { create: 0, change: 0, keep: 0, delete: 0, refuse: 0 };
  const steps = [];
  let counted = 0;
  for (const step of plan) {
    summary[step.action]++;
    const counts = isBreaking(step) && counted++ < mostCounted;
    steps.push(showStep(step, counts ? await touchedBy(db, step) : null));
  }
  return { format, applied, summary, steps };
}

async function touchedBy(db: Db, { name, versions }: PlannedType): Promise<{ endpoints: number; filters: number }> {
  const changes = versions.flatMap(({ action, compatibility }) => (action === 'keep' ? [] : (compatibility?.changes ?? [])));
  const filters = await touchedFilters(db, name, changes);
  return { endpoints: (await readSubscribers(db, name, 1)).count, filters: filters.length };
}

const title = 'Events';

function exported(types: readonly (ExportedType & { converters: Converter[] })[], format: DocumentFormat): object {
  if (format === 'posthorn') return catalogueFile(types);
  return format === 'openapi' ? toOpenapi(types, { title, version }) : toAsyncapi(types, { title, version });
}

const read = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/catalogue',
    operationId: 'exportCatalogue',
    summary: 'Export the catalogue',
    description:
      'As a catalogue file with all versions and converters, or as an OpenAPI 3.1 or AsyncAPI 3 document with the current versions. Applying it again changes nothing. A key or link of a tenant gets the types with visibility `public`.',
    scope: 'any',
    shared: true,
    query: z.strictObject({ format: z.enum(documentFormats).default('posthorn').describe('`posthorn`: a catalogue file.') }),
    answers: { 200: { description: 'The document.', schema: z.record(z.string(), z.unknown()), example: examples.exportExample } },
    async handler({ query: { format } }) {
      return answer(200, exported(await readCatalogue(db), format));
    },
  });

const asyncapi = z.object({ asyncapi: z.string(), info: z.object({ title: z.string(), version: z.string() }) });

/** Public types only. Read again when it is asked for and the last text is older than a second. */
export function asyncapiRoute({ db }: Pick<ApiDeps, 'db'>): Route {
  let last: { text: Promise<string>; at: number } | undefined;
  const textNow = async () => {
    const types = await readAllTypes(db);
    const shownTypes = types.filter(({ settings }) => settings.visibility === 'public');
    return JSON.stringify(toAsyncapi(shownTypes, { title, version }, true));
  };
  return route({
    method: 'get',
    path: '/asyncapi.json',
    operationId: 'getAsyncapi',
    summary: 'Read the events as an AsyncAPI document',
    description: 'The public event types of the catalogue, as endpoints receive them. No API key is needed.',
    scope: 'open',
    answers: {
      200: { description: 'The AsyncAPI 3 document.', schema: asyncapi, example: { asyncapi: '3.0.0', info: { title, version } } },
    },
    problems: [500, 503],
    async handler() {
      if (!last || performance.now() - last.at > 1_000) last = { text: textNow(), at: performance.now() };
      const { text } = last;
      text.catch(() => {
        last = undefined;
      });
      return { status: 200, text: await text };
    },
  });
}
