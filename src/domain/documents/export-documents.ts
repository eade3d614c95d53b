// The catalogue as an OpenAPI 3.1 document with `webhooks`, and as an AsyncAPI 3 document: each type in its current version,
// with the standard body that endpoints receive.

import type { TypeSettings, TypeVersion } from '../catalogue/event-type.ts';
import { localRef } from '../schemas/schema-refs.ts';
import { isObject, type JsonObject, mapSchema } from '../schemas/schema-walk.ts';
import { envelopeOf, envelopeSchema, extensionName } from './envelope.ts';
import { extensionOf, publicExtensionOf } from './extension.ts';

export interface ExportedType {
  name: string;
  settings: TypeSettings;
  /** Lowest first. */
  versions: readonly TypeVersion[];
}

export interface ExportInfo {
  title: string;
  version: string;
}

const dialect = 'https://json-schema.org/draft/2020-12/schema';
const asyncapiSchema = 'application/schema+json;version=draft-2020-12';

/** The schema within a document: its references begin at the document's root. `at`: its pointer there. */
function placed(schema: unknown, at: string): unknown {
  const root = isObject(schema) ? schema : {};
  return mapSchema(schema, ({ $id: _id, $schema: _dialect, ...rest }) => {
    const local = typeof rest.$ref === 'string' ? localRef(rest.$ref, root) : null;
    return local === null || (local !== '#' && !local.startsWith('#/')) ? rest : { ...rest, $ref: `#${at}${local.slice(1)}` };
  });
}

const isDeprecated = ({ deprecatedAt, sunsetAt }: TypeSettings) => deprecatedAt !== null || sunsetAt !== null;

export function toOpenapi(types: readonly ExportedType[], info: ExportInfo): JsonObject {
  const webhooks = types.map(({ name, settings, versions }) => [name, { post: openapiOperation(name, settings, versions.at(-1)) }]);
  const schemas = types.map(({ name, versions }) => {
    const schema = placed(versions.at(-1)?.schema, `/components/schemas/${name}/properties/data`);
    return [name, envelopeSchema(name, schema)];
  });
  return {
    openapi: '3.1.0',
    info: { ...info, description: 'The events that endpoints receive as webhooks.' },
    jsonSchemaDialect: dialect,
    webhooks: Object.fromEntries(webhooks),
    components: { schemas: Object.fromEntries(schemas) },
  };
}

function openapiOperation(name: string, settings: TypeSettings, current: TypeVersion | undefined): JsonObject {
  const { description, group } = settings;
  const examples = (current?.examples ?? []).map((data, index) => [`example${index + 1}`, { value: envelopeOf(name, data) }]);
  return {
    operationId: name,
    summary: firstLineOf(description) || name,
    ...(description !== '' && { description }),
    ...(group !== null && { tags: [group] }),
    ...(isDeprecated(settings) && { deprecated: true }),
    [extensionName]: extensionOf(settings, current?.version ?? null),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { $ref: `#/components/schemas/${name}` },
          ...(examples.length > 0 && { examples: Object.fromEntries(examples) }),
        },
      },
    },
    responses: { '2XX': { description: 'The endpoint accepts the event.' } },
  };
}

const firstLineOf = (text: string) => text.split('\n', 1)[0]?.slice(0, 120) ?? '';

const header = (description: string) => ({ type: 'string', description });

const headers = {
  type: 'object',
  properties: {
    'webhook-id': header('The id of the event. It is the same on every retry and replay.'),
    'webhook-timestamp': header('The time of this attempt, in seconds since 1970.'),
    'webhook-signature': header('`v1,…` for each live secret, separated by spaces: HMAC-SHA256 of id, timestamp and body.'),
    'posthorn-delivery': header('The id of the delivery.'),
    'posthorn-attempt': header('The number of the attempt, from 1.'),
  },
  required: ['webhook-id', 'webhook-timestamp'],
};

/** `isPublic`: for everybody, without what only the operator has to know. */
export function toAsyncapi(types: readonly ExportedType[], info: ExportInfo, isPublic = false): JsonObject {
  const extend = isPublic ? publicExtensionOf : extensionOf;
  const messages = types.map(({ name, settings, versions }) => [name, asyncapiMessage(name, settings, versions.at(-1), extend)]);
  const refs = types.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]);
  return {
    asyncapi: '3.0.0',
    info: { ...info, description: 'The events that endpoints receive as webhooks.' },
    defaultContentType: 'application/json',
    channels: { webhooks: { address: null, description: 'The URL of an endpoint.', messages: Object.fromEntries(refs) } },
    operations: {
      sendEvent: {
        action: 'send',
        channel: { $ref: '#/channels/webhooks' },
        summary: 'Posthorn posts each event to the endpoints that subscribe to its type.',
      },
    },
    components: { messages: Object.fromEntries(messages) },
  };
}

function asyncapiMessage(name: string, settings: TypeSettings, current: TypeVersion | undefined, extend: typeof extensionOf): JsonObject {
  const { description, group, tags } = settings;
  const schema = placed(current?.schema, `/components/messages/${name}/payload/schema/properties/data`);
  const examples = (current?.examples ?? []).map((data, index) => ({ name: `example${index + 1}`, payload: envelopeOf(name, data) }));
  const allTags = [...new Set([...(group === null ? [] : [group]), ...tags])].map((tag) => ({ name: tag }));
  return {
    name,
    title: name,
    ...(description !== '' && { summary: firstLineOf(description), description }),
    ...(allTags.length > 0 && { tags: allTags }),
    contentType: 'application/json',
    headers,
    payload: { schemaFormat: asyncapiSchema, schema: envelopeSchema(name, schema) },
    ...(examples.length > 0 && { examples }),
    [extensionName]: { ...extend(settings, current?.version ?? null), tags },
  };
}
