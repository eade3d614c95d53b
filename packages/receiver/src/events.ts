// From a verified request to its events, and from a stored event to what a handler gets.
import { malformed } from './errors.ts';
import type { NewItem } from './inbox/store.ts';
import { findHeader, type HeadersLike } from './verify/headers.ts';

/** An event as a handler gets it. */
export interface WebhookEvent<Type extends string = string, Data = unknown> {
  /** The same on every retry and replay: use it as the key of what you write or call. */
  id: string;
  /** Empty for the format `raw`, which sends no type. */
  type: Type;
  /** When the event happened, as it was sent. Null for the formats `raw`, `form` and `xml`. */
  timestamp: string | null;
  /** Parsed, so whole numbers above 2^53 are rounded; `raw` has them. Undefined if the body is XML or a form. */
  data: Data;
  /** The text of the event as it was sent; in a batch, its element. */
  raw: string;
  /** `posthorn-sequence`; null: the event has no order. */
  sequence: number | null;
  /** The ordering key, as the receiver's `order.key` gives it. */
  key: string | null;
  /** The round of a delivery that Posthorn has replayed, from 2; of a batch the highest one. 0: not replayed. */
  replay: number;
  /** A person chose type and data. Nothing has happened. */
  test: boolean;
  /** The id of the delivery. Null in a batch. */
  delivery: string | null;
  /** The id of the batch; null: the event came alone. */
  batch: string | null;
}

type Shape = 'envelope' | 'data' | 'text';

interface Meta {
  shape: Shape;
  timestamp: string | null;
  test: boolean;
  delivery: string | null;
  batch: string | null;
  replay: number;
}

type Parsed = Record<string, unknown> | null;

const isText = (value: unknown): value is string => typeof value === 'string';
const textOr = (value: unknown) => (isText(value) ? value : null);
const one = (headers: HeadersLike, name: string) => textOr(findHeader(headers, name));
const numberIn = (value: unknown) => (/^[1-9]\d{0,15}$/.test(String(value)) ? Number(value) : null);

/** Gives the ordering key of an event, or null. Without one, all events with a sequence number have the same order. */
export type KeyOf = (event: WebhookEvent) => string | null | undefined;

/** The events of a verified request, in their order. Throws Rejection. */
export function itemsOf(id: string, headers: HeadersLike, body: Uint8Array, keyOf: KeyOf): NewItem[] {
  const raw = textOf(body);
  const replay = numberIn(one(headers, 'posthorn-replay')) ?? 0;
  const isBatch = id.startsWith('bat_') && one(headers, 'posthorn-batch') !== null;
  const common = { replay, batch: isBatch ? id : null, delivery: one(headers, 'posthorn-delivery') };
  const items = isBatch
    ? elementsOf(raw).map((element) => {
        const parsed = parsedFrom(element) as Parsed;
        return { id: textOr(parsed?.id), raw: element, sequence: numberIn(parsed?.sequence), ...readingOf(headers, element, parsed) };
      })
    : [{ id, raw, sequence: numberIn(one(headers, 'posthorn-sequence')), ...readingOf(headers, raw) }];
  const found = new Map<string, NewItem>();
  for (const { id: own, type, raw: text, sequence, shape, timestamp } of items) {
    if (!own || `${own}${type}`.includes('\0')) throw malformed('an event has no id, or a NUL in its id or type');
    const test = own.startsWith('test_');
    const meta: Meta = { ...common, shape, timestamp, test };
    const item: NewItem = { id: own, type, raw: text, key: null, sequence, replay, meta: JSON.stringify(meta) };
    const key = sequence === null || test ? null : keyOf(eventOf(item));
    found.set(own, key === null || key === undefined ? { ...item, key: null, sequence: null } : { ...item, key });
  }
  return [...found.values()];
}

function textOf(body: Uint8Array): string {
  const text = read('UTF-8', () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  if (text.includes('\0')) throw malformed('the body has a NUL');
  return text;
}

/** `decode` throws for what is not `what`. */
function read<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw malformed(`not ${what}, although its headers say so`);
  }
}

const parsedFrom = (text: string): unknown => read('JSON', () => JSON.parse(text));

/** Type and time of an event, and where its data is. `parsed`: if it was parsed already. */
function readingOf(headers: HeadersLike, raw: string, parsed?: Parsed): { type: string; timestamp: string | null; shape: Shape } {
  const contentType = one(headers, 'content-type') ?? 'application/json';
  if (!/json/.test(contentType)) {
    const type = /form/.test(contentType) ? new URLSearchParams(raw).get('type') : /<event\b[^>]*\btype="([^"<&]*)"/.exec(raw)?.[1];
    return { type: type ?? '', timestamp: null, shape: 'text' };
  }
  const of = parsed ?? (parsedFrom(raw) as Parsed);
  const binary = one(headers, 'ce-type');
  if (binary !== null)
    return { type: read('percent-encoded', () => decodeURIComponent(binary)), timestamp: one(headers, 'ce-time'), shape: 'data' };
  const timestamp = textOr(of?.timestamp) ?? textOr(of?.time);
  if (isText(of?.type) && timestamp !== null) return { type: of.type, timestamp, shape: 'envelope' };
  return { type: '', timestamp: null, shape: 'data' };
}

export function eventOf({ id, type, raw, key, sequence, meta }: Omit<NewItem, 'replay'>): WebhookEvent {
  const { shape, ...rest } = JSON.parse(meta) as Meta;
  const json: unknown = shape === 'text' ? undefined : JSON.parse(raw);
  const data = shape === 'envelope' ? (json as { data?: unknown }).data : json;
  return { id, type, data, raw, key, sequence, ...rest };
}

/** The texts of the elements of a JSON array, unchanged: parsing would round numbers. */
function elementsOf(array: string): string[] {
  if (!Array.isArray(parsedFrom(array))) throw malformed('a batch must be a JSON array');
  const [elements, begin] = [[] as string[], array.indexOf('[') + 1];
  let [depth, from] = [0, begin];
  // strings are passed over as a whole: what is in them is not structure
  for (const { 0: token, index } of array.slice(begin).matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (token === '[' || token === '{') depth += 1;
    const ends = depth === 0 && (token === ',' || token === ']');
    if (ends) {
      elements.push(array.slice(from, begin + index).trim());
      from = begin + index + 1;
    } else if (token === ']' || token === '}') depth -= 1;
  }
  return elements.filter((element) => element !== '');
}
