// Reads event types from the messages of an AsyncAPI 3 document: those of its components and of its channels. The `name` of a
// message, or its key, is the event type.

import { isObject, type JsonObject, pointerPart } from '../schemas/schema-walk.ts';
import { atPointer, objectAt } from './bundle-schema.ts';
import { type DocumentFault, type ReadDocument, type ReadType, refusedDocument } from './catalogue-type.ts';
import { dataOfExample, dataPointer, extensionName } from './envelope.ts';
import { readExtension } from './extension.ts';
import { descriptionOf, elsewhereFault, namesFault, type ReadVersion, readVersion, textOf } from './import-parts.ts';

interface Message {
  name: string;
  value: JsonObject;
  pointer: string;
}

export function readAsyncapi(document: JsonObject): ReadDocument {
  const version = String(document.asyncapi);
  if (!/^3\.\d+\./.test(version)) return refused('/asyncapi', `is ${version.slice(0, 20)}: only AsyncAPI 3 is supported`);
  const { messages, faults } = messagesOf(document);
  if (messages.length === 0 && faults.length === 0)
    return refused('/components/messages', 'is missing or empty: event types are read from it, and from the messages of channels');
  return { format: 'asyncapi', reads: readMessages(document, messages, faults) };
}

const refused = (pointer: string, message: string) => refusedDocument('asyncapi', { pointer, message });

function* readMessages(document: JsonObject, messages: readonly Message[], faults: readonly DocumentFault[]): Generator<ReadType> {
  yield { type: null, faults: [...faults, ...repeatedFaults(messages)] };
  for (const message of messages) yield readMessage(document, message);
}

/** Each message once, wherever it is referred to. */
function messagesOf(document: JsonObject): { messages: Message[]; faults: DocumentFault[] } {
  const channels = isObject(document.channels) ? Object.keys(document.channels) : [];
  const places = ['/components/messages', ...channels.map((channel) => `/channels/${pointerPart(channel)}/messages`)];
  const found = new Map<string, Message>();
  const faults: DocumentFault[] = [];
  for (const place of places) {
    const listed = atPointer(document, place);
    for (const key of isObject(listed) ? Object.keys(listed) : []) {
      const at = `${place}/${pointerPart(key)}`;
      const message = objectAt(document, at);
      if (!message) faults.push(elsewhereFault(at));
      else if (!found.has(message.pointer)) found.set(message.pointer, messageOf(document, key, message));
    }
  }
  return { messages: [...found.values()], faults };
}

/** With what its traits add. What the message says itself comes first, and the last trait before the others. */
function messageOf(document: JsonObject, key: string, { value, pointer }: { value: JsonObject; pointer: string }): Message {
  const count = Array.isArray(value.traits) ? value.traits.length : 0;
  const traits = Array.from({ length: count }, (_, n) => objectAt(document, `${pointer}/traits/${n}`)?.value ?? {});
  const whole: JsonObject = Object.assign({}, ...traits, value);
  return { name: textOf(whole, 'name') ?? key, value: whole, pointer };
}

function repeatedFaults(messages: readonly Message[]): DocumentFault[] {
  const byName = Map.groupBy(messages, ({ name }) => name);
  return [...byName.values()].flatMap(([first, ...others]) =>
    others.map(({ name, pointer }) => ({ pointer, message: `has the same name as ${first?.pointer}: ${name.slice(0, 128)}` })),
  );
}

function readMessage(document: JsonObject, { name, value, pointer }: Message): ReadType {
  const { version, settings, faults } = readExtension(value[extensionName], pointer);
  const tags = Array.isArray(value.tags)
    ? value.tags.flatMap((tag) => (isObject(tag) && typeof tag.name === 'string' ? [tag.name] : []))
    : [];
  const read = 'payload' in value ? versionOf(document, value, pointer, version ?? 'auto') : undefined;
  const type = {
    name,
    settings: { ...descriptionOf(name, value, 'description', 'summary', 'title'), ...(tags.length > 0 && { tags }), ...settings },
    versions: read ? [read.version] : [],
    at: pointer,
  };
  return { type, faults: [...namesFault(name, pointer), ...formatFaults(value, pointer), ...faults, ...(read?.faults ?? [])] };
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

function versionOf(document: JsonObject, message: JsonObject, pointer: string, version: number | 'auto'): ReadVersion {
  const payload = objectAt(document, `${pointer}/payload`);
  const payloadAt = payload && 'schemaFormat' in payload.value ? `${payload.pointer}/schema` : `${pointer}/payload`;
  const whole = objectAt(document, payloadAt);
  const below = dataPointer(whole?.value);
  const schemaAt = below === '' ? payloadAt : `${whole?.pointer}${below}`;
  const listed = Array.isArray(message.examples) ? message.examples : [];
  const examples = listed.flatMap((one) => (isObject(one) && 'payload' in one ? [dataOfExample(one.payload, below !== '')] : []));
  return readVersion(document, { version, examples, schemaAt, examplesAt: `${pointer}/examples` });
}
