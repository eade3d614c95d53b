// Reads event types from the `webhooks` of an OpenAPI 3.1 document. The name of a webhook is the event type.

import { isObject, type JsonObject, pointerPart } from '../schemas/schema-walk.ts';
import { atPointer, objectAt } from './bundle-schema.ts';
import { type DocumentFault, type ReadDocument, type ReadType, refusedDocument } from './catalogue-type.ts';
import { dataOfExample, dataPointer, extensionName } from './envelope.ts';
import { readExtension } from './extension.ts';
import { descriptionOf, elsewhereFault, namesFault, type ReadVersion, readVersion } from './import-parts.ts';
import { sinceUnknown } from './plan-catalogue.ts';

const methods = ['post', 'put', 'patch'];

export function readOpenapi(document: JsonObject): ReadDocument {
  const version = String(document.openapi);
  if (!/^3\.[1-9]\d*\./.test(version)) return refused('/openapi', `is ${version.slice(0, 20)}: webhooks exist from OpenAPI 3.1 on`);
  const { webhooks } = document;
  if (!isObject(webhooks) || Object.keys(webhooks).length === 0)
    return refused('/webhooks', 'is missing or empty: event types are read from it');
  return { format: 'openapi', reads: readWebhooks(document, Object.keys(webhooks)) };
}

const refused = (pointer: string, message: string) => refusedDocument('openapi', { pointer, message });

function* readWebhooks(document: JsonObject, names: readonly string[]): Generator<ReadType> {
  for (const name of names) {
    const at = `/webhooks/${pointerPart(name)}`;
    const { type, faults } = readWebhook(document, name, at);
    yield { type, faults: [...namesFault(name, at), ...faults] };
  }
}

function readWebhook(document: JsonObject, name: string, at: string): ReadType {
  const item = objectAt(document, at);
  const method = methods.find((one) => isObject(item?.value[one]));
  const none = { name, settings: {}, versions: [], at };
  if (!item || method === undefined) return { type: none, faults: [{ pointer: at, message: 'must have an operation, such as post' }] };
  const operationAt = `${item.pointer}/${method}`;
  const operation = item.value[method] as JsonObject;
  const { version, settings, faults } = readExtension(operation[extensionName], operationAt);
  const { media, faults: bodyFaults } = bodyOf(document, operation, operationAt);
  const [group, ...tags] = Array.isArray(operation.tags) ? operation.tags.filter((tag) => typeof tag === 'string') : [];
  const read = media && versionOf(document, media, version ?? 'auto');
  return {
    type: {
      ...none,
      settings: {
        ...descriptionOf(name, operation, 'description', 'summary'),
        ...(group !== undefined && { group }),
        ...(tags.length > 0 && { tags }),
        ...(operation.deprecated === true && { deprecatedAt: sinceUnknown }),
        ...settings,
      },
      versions: read ? [read.version] : [],
    },
    faults: [...faults, ...bodyFaults, ...(read?.faults ?? [])],
  };
}

interface Body {
  /** Of the JSON. Absent: the webhook has no body. */
  media?: { value: JsonObject; pointer: string } | undefined;
  faults: DocumentFault[];
}

const json = /^(application\/([\w.+-]*\+)?json\b|application\/\*|\*\/\*)/i;

function bodyOf(document: JsonObject, operation: JsonObject, operationAt: string): Body {
  if (operation.requestBody === undefined) return { faults: [] };
  const at = `${operationAt}/requestBody`;
  const body = objectAt(document, at);
  if (!body) return { faults: [elsewhereFault(at)] };
  const content = atPointer(document, `${body.pointer}/content`);
  const types = isObject(content) ? Object.keys(content) : [];
  const type = types.find((one) => json.test(one));
  if (type !== undefined) return { media: objectAt(document, `${body.pointer}/content/${pointerPart(type)}`), faults: [] };
  const message = 'has no JSON, such as application/json: the data of events is JSON';
  return { faults: types.length === 0 ? [] : [{ pointer: `${body.pointer}/content`, message }] };
}

function versionOf(
  document: JsonObject,
  { value, pointer }: { value: JsonObject; pointer: string },
  version: number | 'auto',
): ReadVersion {
  const whole = objectAt(document, `${pointer}/schema`);
  const below = dataPointer(whole?.value);
  const schemaAt = below === '' ? `${pointer}/schema` : `${whole?.pointer}${below}`;
  const examples = examplesOf(document, value, pointer).map((one) => dataOfExample(one, below !== ''));
  return readVersion(document, { version, examples, schemaAt, examplesAt: `${pointer}/examples` });
}

function examplesOf(document: JsonObject, media: JsonObject, at: string): unknown[] {
  if ('example' in media) return [media.example];
  if (!isObject(media.examples)) return [];
  const found = Object.keys(media.examples).map((key) => objectAt(document, `${at}/examples/${pointerPart(key)}`)?.value);
  return found.flatMap((one) => (one && 'value' in one ? [one.value] : []));
}
