// Reads event types from the `webhooks` of an OpenAPI 3.1 document. The name of a webhook is the event type.

import { isObject, type JsonObject, pointerPart } from '../schemas/schema-walk.ts';
import { atPointer, bundleSchema, objectAt } from './bundle-schema.ts';
import type { CatalogueType, CatalogueVersion, DocumentFault, ReadDocument } from './catalogue-type.ts';
import { dataOfExample, dataPointer, extensionName } from './envelope.ts';
import { readExtension } from './extension.ts';
import { descriptionOf, namesFault } from './import-parts.ts';
import { sinceUnknown } from './plan-catalogue.ts';

const methods = ['post', 'put', 'patch'];

export function readOpenapi(document: JsonObject): ReadDocument {
  const version = String(document.openapi);
  if (!/^3\.[1-9]\d*\./.test(version)) return refused('/openapi', `is ${version.slice(0, 20)}: webhooks exist from OpenAPI 3.1 on`);
  const { webhooks } = document;
  if (!isObject(webhooks) || Object.keys(webhooks).length === 0)
    return refused('/webhooks', 'is missing or empty: event types are read from it');
  const types: CatalogueType[] = [];
  const faults: DocumentFault[] = [];
  for (const name of Object.keys(webhooks)) {
    const read = readWebhook(document, name, `/webhooks/${pointerPart(name)}`);
    faults.push(...namesFault(name, `/webhooks/${pointerPart(name)}`), ...read.faults);
    types.push(read.type);
  }
  return { format: 'openapi', types, faults };
}

const refused = (pointer: string, message: string): ReadDocument => ({ format: 'openapi', types: [], faults: [{ pointer, message }] });

function readWebhook(document: JsonObject, name: string, at: string): { type: CatalogueType; faults: DocumentFault[] } {
  const item = objectAt(document, at);
  const method = methods.find((one) => isObject(item?.value[one]));
  const none = { name, settings: {}, versions: [], at };
  if (!item || method === undefined) return { type: none, faults: [{ pointer: at, message: 'must have an operation, such as post' }] };
  const operationAt = `${item.pointer}/${method}`;
  const operation = item.value[method] as JsonObject;
  const { version, settings, faults } = readExtension(operation[extensionName], operationAt);
  const content = objectAt(document, `${operationAt}/requestBody`);
  const media = content && jsonMedia(document, `${content.pointer}/content`);
  const tags = Array.isArray(operation.tags) ? operation.tags.filter((tag) => typeof tag === 'string') : [];
  const [group] = tags;
  return {
    type: {
      ...none,
      settings: {
        ...descriptionOf(name, operation, 'description', 'summary'),
        ...(group !== undefined && { group }),
        ...(operation.deprecated === true && { deprecatedAt: sinceUnknown }),
        ...settings,
      },
      versions: media ? [versionOf(document, media, version ?? 'auto')] : [],
    },
    faults,
  };
}

function jsonMedia(document: JsonObject, at: string): { value: JsonObject; pointer: string } | undefined {
  const content = atPointer(document, at);
  if (!isObject(content)) return undefined;
  const type = Object.keys(content).find((one) => /^application\/([\w.+-]*\+)?json\b/.test(one));
  return type === undefined ? undefined : objectAt(document, `${at}/${pointerPart(type)}`);
}

function versionOf(
  document: JsonObject,
  { value, pointer }: { value: JsonObject; pointer: string },
  version: number | 'auto',
): CatalogueVersion {
  const whole = objectAt(document, `${pointer}/schema`);
  const below = dataPointer(whole?.value);
  const schemaAt = below === '' ? `${pointer}/schema` : `${whole?.pointer}${below}`;
  const found = atPointer(document, schemaAt);
  const bundled = found === undefined ? undefined : bundleSchema(found, document, schemaAt);
  const examples = examplesOf(document, value, pointer).map((one) => dataOfExample(one, below !== ''));
  return {
    version,
    ...(bundled && { schema: bundled.schema, origins: bundled.origins }),
    examples: examples.length > 0 ? examples : undefined,
    schemaAt,
    examplesAt: `${pointer}/examples`,
  };
}

function examplesOf(document: JsonObject, media: JsonObject, at: string): unknown[] {
  if ('example' in media) return [media.example];
  if (!isObject(media.examples)) return [];
  const found = Object.keys(media.examples).map((key) => objectAt(document, `${at}/examples/${pointerPart(key)}`)?.value);
  return found.flatMap((one) => (one && 'value' in one ? [one.value] : []));
}
