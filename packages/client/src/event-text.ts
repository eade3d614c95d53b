// The JSON of events as they are posted: with an id each, so that a repeated request stores each event once.
import type { AcceptedEvent, NewEvent } from './api-types.ts';
import { jsonText, type RawJson } from './raw-json.ts';

type EventOf<Type extends string, Content> = Omit<NewEvent, 'type' | 'data'> & { type: Type; data: Content | RawJson };

/** An event to send. `data`: a JSON value, of the type of its event type where `Data` says so; or `rawJson(text)`. */
export type EventToSend<Data extends object = Record<string, unknown>> = {
  [Type in keyof Data & string]: EventOf<Type, Data[Type]>;
}[keyof Data & string];

/** The same, of any catalogue. */
export type AnyEvent = EventOf<string, unknown>;

export interface PreparedEvent {
  id: string;
  /** The id was made here, so only a repeat of the same call can be a duplicate. */
  isOwnId: boolean;
  text: string;
  bytes: number;
}

const encoder = new TextEncoder();

/** Throws a TypeError if `data` is no JSON value. */
export function prepareEvent({ data, ...event }: AnyEvent): PreparedEvent {
  const id = event.id ?? `evt_${crypto.randomUUID().replaceAll('-', '')}`;
  const text = `${JSON.stringify({ ...event, id }).slice(0, -1)},"data":${jsonText(data)}}`;
  return { id, isOwnId: event.id === undefined, text, bytes: encoder.encode(text).length };
}

/** The result of an event. One with an id of the client is no duplicate for its caller, who sent it once. */
export function resultFor<R extends AcceptedEvent>(event: PreparedEvent, result: R): R {
  return event.isOwnId ? { ...result, duplicate: false } : result;
}
