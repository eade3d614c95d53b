// Subscription check: whether an endpoint gets an event, by event type and channel.

export interface Subscription {
  /** Exact types, `prefix.*` or `*`; empty: all types. */
  eventTypes: readonly string[];
  /** The event must have one of them; empty: all events. */
  channels: readonly string[];
}

export interface Addressed {
  type: string;
  channels: readonly string[];
}

/** Result of the subscription check. */
export type Verdict = 'wanted' | 'event_type_not_subscribed' | 'channel_not_subscribed';

export function judge(subscription: Subscription, event: Addressed): Verdict {
  const { channels } = subscription;
  if (!takesType(subscription, event.type)) return 'event_type_not_subscribed';
  if (channels.length > 0 && !channels.some((channel) => event.channels.includes(channel))) return 'channel_not_subscribed';
  return 'wanted';
}

export function takesType({ eventTypes }: Pick<Subscription, 'eventTypes'>, type: string): boolean {
  return eventTypes.length === 0 || eventTypes.some((pattern) => matches(pattern, type));
}

/** `order.*` matches everything below `order.` at any depth, but not `order` itself. */
function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
