// /v1/event-types: create, list, read, change and delete event types. The catalogue belongs to the installation; every key
// may read its public types.
import { z } from 'zod';
import { changeType, createType, deleteType } from '#db/catalogue/change-catalogue';
import type { StoredType } from '#db/catalogue/event-type-row';
import { listTypes, readType } from '#db/catalogue/event-types';
import {
  eventTypeChange,
  mostTypes,
  newEventType,
  settingNames,
  type TypeSettings,
  typeSummary,
  typeView,
  usualSettings,
} from '#domain/catalogue/event-type';
import { settingsInUtc } from '#domain/catalogue/settings-in-utc';
import { eventTypeName, eventTypePattern } from '#domain/events/event-type';
import { text } from '#domain/text';
import * as examples from '../../examples/catalogue.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { requireSchema, requireSettings, showSummary, showType, tagsOfType, taken } from './show-type.ts';

const params = z.strictObject({ type: eventTypeName });
/** Schema and examples with the JSON around them. */
export const catalogueBodyLimit = 512 * 1024;

export function eventTypeRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps)];
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/event-types',
    operationId: 'createEventType',
    summary: 'Create an event type',
    description: `Registers a type in the catalogue. With \`schema\` or \`examples\` it has a first version. From the answer on, this process validates events of the type; others do so within a second. 422 names the place in a schema that is no JSON Schema 2020-12, and an example that does not match. 409 if the name is in use, or if there are ${mostTypes} types.`,
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.create',
    body: newEventType,
    bodyExample: examples.newEventTypeExample,
    bodyLimit: catalogueBodyLimit,
    answers: { 201: { description: 'The event type.', schema: typeView, example: examples.eventTypeExample } },
    async handler({ body, ids, audit }) {
      const { name, version = 1, schema, examples = [], ...given } = body;
      const settings = requireSettings({ ...usualSettings, ...settingsInUtc(given) });
      requireSchema(schema, examples);
      const hasVersion = schema !== undefined || body.examples !== undefined || body.version !== undefined;
      const first = hasVersion ? { version, ...(schema !== null && schema !== undefined && { schema }), examples } : null;
      const made = await createType(deps.db, { id: ids.next('ety'), name, settings }, first, audit);
      if (made === 'taken') throw taken();
      if (made === 'full')
        throw new Problem(409, `There are ${mostTypes} event types already, which is the limit. Delete one first.`, {
          code: 'limit_reached',
        });
      await deps.catalogue.refresh();
      return answer(201, showType(deps, made));
    },
  });

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/event-types',
    operationId: 'listEventTypes',
    summary: 'List event types',
    description: 'Newest first, without schemas. A key or link of a tenant sees the types with visibility `public`.',
    scope: 'any',
    shared: true,
    query: listQuery('ety').extend({
      search: text(200).min(1).optional().describe('Only types with this text in their name, description, owner or a tag, in any case.'),
      group: text(200).min(1).optional().describe('Only types of this group.'),
      owner: text(200).min(1).optional().describe('Only types of this owner.'),
      tag: text(100).min(1).optional().describe('Only types with this tag.'),
      type: eventTypePattern.optional().describe('Only types that this pattern matches, such as `order.*`.'),
      state: z.enum(['active', 'deprecated', 'sunset']).optional().describe('Only types in this state now.'),
    }),
    answers: {
      200: {
        description: 'A page of event types.',
        schema: pageOf(typeSummary),
        example: { data: [examples.eventTypeSummaryExample], nextCursor: null },
      },
    },
    async handler({ query: { limit, cursor = null, search = null, group = null, owner = null, tag = null, type = null, state = null } }) {
      const rows = await listTypes(deps.db, { search, group, owner, tag, pattern: type, state }, cursor, limit + 1);
      return pageAnswer(rows, limit, (row) => showSummary(deps, row));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/event-types/:type',
    operationId: 'getEventType',
    summary: 'Read an event type',
    description: 'With schema and examples of its current version.',
    scope: 'any',
    params,
    answers: { 200: { description: 'The event type.', schema: typeView, example: examples.eventTypeExample } },
    async handler({ params: { type } }) {
      const found = await readType(deps.db, type);
      if (!found) throw notFound('event type');
      return answer(200, showType(deps, found));
    },
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/event-types/:type',
    operationId: 'changeEventType',
    summary: 'Change an event type',
    description: 'Changes only the given settings. Schemas and examples belong to versions: add or replace a version to change them.',
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.change',
    heedsIfMatch: true,
    params,
    body: eventTypeChange,
    bodyExample: examples.eventTypeChangeExample,
    answers: { 200: { description: 'The changed event type.', schema: typeView, example: examples.changedEventTypeExample } },
    async handler({ params: { type }, body, audit, requireMatch }) {
      const given = settingsInUtc(body);
      const changing = (before: StoredType) => {
        requireMatch(() => tagsOfType(deps, before));
        return requireSettings(merged(before.settings, given));
      };
      const changed = await changeType(deps.db, type, changing, audit);
      if (!changed) throw notFound('event type');
      await deps.catalogue.refresh();
      return answer(200, showType(deps, changed));
    },
  });

function merged(before: TypeSettings, given: Partial<TypeSettings>): TypeSettings {
  return Object.fromEntries(settingNames.map((name) => [name, name in given ? given[name] : before[name]])) as unknown as TypeSettings;
}

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/event-types/:type',
    operationId: 'deleteEventType',
    summary: 'Delete an event type',
    description:
      'Deletes the type with its versions from the catalogue. Events and subscriptions stay as they are; later events of the type are unregistered.',
    scope: 'admin',
    allTenants: true,
    audit: 'event_type.delete',
    heedsIfMatch: true,
    params,
    answers: { 204: { description: 'The event type is deleted.' } },
    async handler({ params: { type }, audit, requireMatch }) {
      const check = (before: StoredType) => requireMatch(() => tagsOfType(deps, before));
      if (!(await deleteType(deps.db, type, audit, check))) throw notFound('event type');
      await deps.catalogue.refresh();
      return noContent;
    },
  });
