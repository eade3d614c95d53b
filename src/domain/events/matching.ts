// Why an endpoint does not get an event, decided from what is stored about both. Used for every view that explains it.
// `judge` is the matcher of the delivery path; this adds when the endpoint existed, and what it subscribed to then.
import { type Addressed, judge, type Subscription } from './subscription.ts';

export const mismatches = [
  'type_not_subscribed',
  'channel_not_subscribed',
  'filter_not_matched',
  'created_later',
  'endpoint_deleted',
  'meant_for_another',
] as const;
export type Mismatch = (typeof mismatches)[number];

export interface EventToMatch extends Addressed {
  /** A test event: the only endpoint that gets it. */
  onlyEndpoint: string | null;
}

export interface EndpointToMatch {
  endpointId: string;
  /** It was created after the event was accepted. */
  createdLater: boolean;
  /** It was deleted when the event was accepted. */
  deletedBefore: boolean;
  /** It is deleted now. */
  deleted: boolean;
  /** What it subscribed to when the event was accepted, and after each later change of that, in order; at least one. */
  subscriptions: readonly Subscription[];
}

/**
 * `waits`: the deliveries of the event do not have rows yet. Planning uses what the endpoint subscribes to at that
 * moment. So an endpoint that wanted the event when it was accepted, and has no delivery, was changed before the event
 * was planned.
 *
 * @returns null: the endpoint gets the event, or is to get it.
 * @example
 * mismatchOf(event, { ...endpoint, createdLater: true }, false) // 'created_later'
 */
export function mismatchOf(event: EventToMatch, endpoint: EndpointToMatch, waits: boolean): Mismatch | null {
  const { endpointId, createdLater, deletedBefore, deleted, subscriptions } = endpoint;
  if (event.onlyEndpoint !== null) {
    if (event.onlyEndpoint !== endpointId) return 'meant_for_another';
    return deleted ? 'endpoint_deleted' : null;
  }
  if (createdLater) return 'created_later';
  if (deletedBefore || (waits && deleted)) return 'endpoint_deleted';
  const found = (waits ? subscriptions.slice(-1) : subscriptions).map((one) => judge(one, event)).find((verdict) => verdict !== 'wanted');
  if (found === 'event_type_not_subscribed') return 'type_not_subscribed';
  return found ?? (deleted ? 'endpoint_deleted' : null);
}
