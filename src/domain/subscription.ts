// Does this endpoint want this event?

export interface Subscription {
  /** Exact types, `prefix.*` or `*`; none means all. */
  eventTypes: readonly string[];
  /** None means all events; else the event must carry one of them. */
  channels: readonly string[];
}

export interface Addressed {
  type: string;
  channels: readonly string[];
}

/** Why an event is or is not delivered to an endpoint, as far as its subscription goes. */
export type Verdict = 'wanted' | 'event_type_not_subscribed' | 'channel_not_subscribed';

export function judge(subscription: Subscription, event: Addressed): Verdict {
  const { eventTypes, channels } = subscription;
  if (eventTypes.length > 0 && !eventTypes.some((pattern) => matches(pattern, event.type))) return 'event_type_not_subscribed';
  if (channels.length > 0 && !channels.some((channel) => event.channels.includes(channel))) return 'channel_not_subscribed';
  return 'wanted';
}

/** `order.*` takes everything below `order.`, however deep, and not `order` itself. */
function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
