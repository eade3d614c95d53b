// Subscription check: whether an endpoint gets an event, by event type, channel and filter.
import type { EventContent, Filter } from '../filters/filter.ts';

export interface Subscription {
  /** Exact types, `prefix.*` or `*`; empty: all types. */
  eventTypes: readonly string[];
  /** The event must have one of them; empty: all events. */
  channels: readonly string[];
  /** Conditions on the content; null: none. */
  filter: Filter | null;
}

/**
 * The content of an event, for filters. `erased`: it is gone. `unreadable`: it can never be decrypted. Null: it was not
 * read, because no endpoint has a filter.
 */
export type Content = EventContent | 'erased' | 'unreadable' | null;

export interface Addressed {
  type: string;
  channels: readonly string[];
  content: Content;
}

/** Result of the subscription check. */
export type Verdict = 'wanted' | 'event_type_not_subscribed' | 'channel_not_subscribed' | 'filter_not_matched';

export function judge(subscription: Subscription, event: Addressed): Verdict {
  if (!takesType(subscription, event.type)) return 'event_type_not_subscribed';
  if (!takesChannels(subscription, event.channels)) return 'channel_not_subscribed';
  return subscription.filter === null || passes(subscription.filter, event.content) ? 'wanted' : 'filter_not_matched';
}

/**
 * Erased content matches no filter: there is nothing left to send. Unreadable content matches, so that its delivery is
 * quarantined, where the operator sees it.
 */
function passes(filter: Filter, content: Content): boolean {
  if (content === null) throw new Error('the content of the event was not read for a filter');
  return content === 'unreadable' || (content !== 'erased' && filter.decide(content).matches);
}

/** Whether the check has to read the content of an event with this type and these channels. */
export function asksForContent(subscription: Subscription, { type, channels }: Pick<Addressed, 'type' | 'channels'>): boolean {
  return subscription.filter !== null && takesType(subscription, type) && takesChannels(subscription, channels);
}

export function takesType({ eventTypes }: Pick<Subscription, 'eventTypes'>, type: string): boolean {
  return eventTypes.length === 0 || eventTypes.some((pattern) => matches(pattern, type));
}

function takesChannels({ channels: wanted }: Pick<Subscription, 'channels'>, channels: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((channel) => channels.includes(channel));
}

/** `order.*` matches everything below `order.` at any depth, but not `order` itself. */
function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
