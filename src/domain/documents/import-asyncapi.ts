// Reads event types from the messages of an AsyncAPI 3 document: those of its components and of its channels. The `name` of a
// message, or its key, is the event type.

import { isObject, type JsonObject, pointerPart } from '../schemas/schema-walk.ts';
import { atPointer, bundleSchema, objectAt } from './bundle-schema.ts';
import type { CatalogueType, CatalogueVersion, DocumentFault, ReadDocument } from './catalogue-type.ts';
import { dataOfExample, dataPointer, extensionName } from './envelope.ts';
import { readExtension } from './extension.ts';
import { descriptionOf, namesFault, textOf } from './import-parts.ts';

interface Message {
  name: string;
  value: JsonObject;
  pointer: string;
}

export function readAsyncapi(document: JsonObject): ReadDocument {
  const version = String(document.asyncapi);
  if (!/^3\.\d+\./.test(version)) return refused('/asyncapi', `is ${version.slice(0, 20)}: only AsyncAPI 3 is supported`);
  const messages = messagesOf(document);
  if (messages.length === 0)
    return refused('/components/messages', 'is missing or empty: event types are read from it, and from the messages of channels');
  const read = messages.map((message) => readMessage(document, message));
  return {
    format: 'asyncapi',
    types: read.map(({ type }) => type),
    faults: [...read.flatMap(({ faults }) => faults), ...repeatedFaults(messages)],
  };
}

const refused = (pointer: string, message: string): ReadDocument => ({ format: 'asyncapi', types: [], faults: [{ pointer, message }] });

/** Each message once, wherever it is referred to. */
function messagesOf(document: JsonObject): Message[] {
  const channels = isObject(document.channels) ? Object.keys(document.channels) : [];
  const places = ['/components/messages', ...channels.map((channel) => `/channels/${pointerPart(channel)}/messages`)];
  const found = new Map<string, Message>();
  for (const place of places) {
    const listed = atPointer(document, place);
    for (const key of isObject(listed) ? Object.keys(listed) : []) {
      const message = objectAt(document, `${place}/${pointerPart(key)}`);
      if (message && !found.has(message.pointer)) found.set(message.pointer, { name: textOf(message.value, 'name') ?? key, ...message });
    }
  }
  return [...found.values()];
}

function repeatedFaults(messages: readonly Message[]): DocumentFault[] {
  const byName = Map.groupBy(messages, ({ name }) => name);
  return [...byName.values()].flatMap(([first, ...others]) =>
    others.map(({ name, pointer }) => ({ pointer, message: `has the same name as ${first?.pointer}: ${name.slice(0, 128)}` })),
  );
}

function readMessage(document: JsonObject, { name, value, pointer }: Message): { type: CatalogueType; faults: DocumentFault[] } {
  const { version, settings, faults } = readExtension(value[extensionName], pointer);
  const tags = Array.isArray(value.tags)
    ? value.tags.flatMap((tag) => (isObject(tag) && typeof tag.name === 'string' ? [tag.name] : []))
    : [];
  const type = {
    name,
    settings: { ...descriptionOf(name, value, 'description', 'summary', 'title'), ...(tags.length > 0 && { tags }), ...settings },
    versions: 'payload' in value ? [versionOf(document, value, pointer, version ?? 'auto')] : [],
    at: pointer,
  };
  return { type, faults: [...namesFault(name, pointer), ...formatFaults(value, pointer), ...faults] };
}

/** A payload may be a schema, or an object with the schema and its format. */
function formatFaults({ payload }: JsonObject, pointer: string): DocumentFault[] {
  const format = isObject(payload) ? payload.schemaFormat : undefined;
  if (typeof format !== 'string' || /^application\/(schema|vnd\.aai\.asyncapi)\+(json|yaml)\b/.test(format)) return [];
  return [
    {
      pointer: `${pointer}/payload/schemaFormat`,
      message: `is ${format.slice(0, 100)}: only JSON Schema and AsyncAPI schemas are supported`,
    },
  ];
}

function versionOf(document: JsonObject, message: JsonObject, pointer: string, version: number | 'auto'): CatalogueVersion {
  const payload = objectAt(document, `${pointer}/payload`);
  const payloadAt = payload && 'schemaFormat' in payload.value ? `${payload.pointer}/schema` : `${pointer}/payload`;
  const whole = objectAt(document, payloadAt);
  const below = dataPointer(whole?.value);
  const schemaAt = below === '' ? payloadAt : `${whole?.pointer}${below}`;
  const { schema, origins } = bundleSchema(atPointer(document, schemaAt), document, schemaAt);
  const listed = Array.isArray(message.examples) ? message.examples : [];
  const examples = listed.flatMap((one) => (isObject(one) && 'payload' in one ? [dataOfExample(one.payload, below !== '')] : []));
  return { version, schema, origins, examples: examples.length > 0 ? examples : undefined, schemaAt, examplesAt: `${pointer}/examples` };
}
