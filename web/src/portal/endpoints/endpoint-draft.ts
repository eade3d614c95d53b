// What the form of an endpoint holds, and what it sends: a whole endpoint, or only what has changed.
import type { Endpoint, EndpointChange, NewEndpoint, Transform } from '@posthorn/client';
import { parseExactly } from '../../../../src/domain/filters/exact-json.ts';
import { draftOf, type FilterDraft, isSendable } from '../../parts/filter/filter-draft.ts';
import { type PresetDraft, presetDraftOf, type Receiver, receiverOf, transformOf } from '../../parts/messages/preset-draft.ts';
import { typedNumber } from '../../parts/typed-number.ts';

export interface HeaderDraft {
  id: number;
  name: string;
  /** `***` keeps the stored value. */
  value: string;
}

export interface EndpointDraft {
  url: string;
  description: string;
  /** Whether all types are subscribed to; the chosen ones are kept meanwhile. */
  allTypes: boolean;
  eventTypes: string[];
  /** Typed, and not added to the chosen ones yet. It is sent like them. */
  pattern: string;
  filter: FilterDraft;
  receiver: Receiver;
  preset: PresetDraft;
  headers: HeaderDraft[];
  /** Empty: no limit. */
  perSecond: string;
}

export const emptyDraft = (): EndpointDraft => ({
  url: '',
  description: '',
  allTypes: true,
  eventTypes: [],
  pattern: '',
  filter: draftOf(''),
  receiver: 'server',
  preset: presetDraftOf(null),
  headers: [],
  perSecond: '',
});

/** Whether somebody has typed anything into the form of a new endpoint. */
export const isTyped = (draft: EndpointDraft): boolean => Object.keys(changeOf(draft, emptyDraft())).length > 0;

/** `filterText`: the filter with its numbers as they are stored. */
export function draftOfEndpoint(endpoint: Endpoint, filterText: string): EndpointDraft {
  return {
    url: endpoint.url,
    description: endpoint.description,
    allTypes: endpoint.eventTypes.length === 0,
    eventTypes: endpoint.eventTypes,
    pattern: '',
    filter: draftOf(filterText),
    receiver: receiverOf(endpoint.transform),
    preset: presetDraftOf(endpoint.transform),
    headers: Object.entries(endpoint.headers).map(([name, value], id) => ({ id, name, value })),
    perSecond: endpoint.rateLimit ? String(endpoint.rateLimit.perSecond) : '',
  };
}

/** The filter of an endpoint as it is stored, from the text of the API's answer: `JSON.parse` rounds long numbers. */
export function filterTextOf(answer: string): string {
  const { filter } = parseExactly(answer) as { filter: unknown };
  return filter === null ? '' : JSON.stringify(filter);
}

export function newEndpointOf(draft: EndpointDraft): NewEndpoint {
  const { description, headers, filter, rateLimit, transform, ...needed } = wholeOf(draft);
  return {
    ...needed,
    ...(description !== '' && { description }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(filter && { filter }),
    ...(rateLimit && { rateLimit }),
    ...(transform && { transform }),
  };
}

/** Only what differs. Empty: nothing does. */
export function changeOf(draft: EndpointDraft, before: EndpointDraft): EndpointChange {
  const [next, was] = [wholeOf(draft), wholeOf(before)];
  const names = (Object.keys(next) as (keyof typeof next)[]).filter((name) => JSON.stringify(next[name]) !== JSON.stringify(was[name]));
  return Object.fromEntries(names.map((name) => [name, next[name]]));
}

interface Whole {
  url: string;
  description: string;
  eventTypes: string[];
  headers: Record<string, string>;
  filter: Record<string, unknown> | null;
  rateLimit: { perSecond: number } | null;
  /** Absent: it stays as it is. */
  transform?: Transform | null;
}

function wholeOf(draft: EndpointDraft): Whole {
  const { url, description, filter, receiver, preset, headers, perSecond } = draft;
  const text = filter.text.trim();
  return {
    url: url.trim(),
    description: description.trim(),
    eventTypes: typesOf(draft) ?? [],
    headers: Object.fromEntries(headers.filter(({ name }) => name !== '').map(({ name, value }) => [name.trim(), value])),
    // one that is not JSON yet is never sent
    filter: text === '' ? null : isSendable(filter) ? (parseExactly(text) as Record<string, unknown>) : { text },
    // one that is no number is never sent
    rateLimit: perSecond.trim() === '' ? null : { perSecond: typedNumber(perSecond) ?? 0 },
    ...(receiver !== 'other' && { transform: receiver === 'server' ? null : transformOf(receiver, preset) }),
  };
}

/** The event types that are subscribed to. Null: all. */
function typesOf({ allTypes, eventTypes, pattern }: EndpointDraft): string[] | null {
  const typed = pattern.trim();
  return allTypes ? null : typed === '' || eventTypes.includes(typed) ? eventTypes : [...eventTypes, typed];
}

/** An empty list of the API means all types. "Only these", and none of them, is not sent. */
export const hasTypes = (draft: EndpointDraft): boolean => typesOf(draft)?.length !== 0;

/** The rate limit is the only field that a number is typed into. */
export const isRate = (text: string): boolean => text.trim() === '' || (typedNumber(text) ?? 0) > 0;
