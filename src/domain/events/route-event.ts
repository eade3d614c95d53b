// Routes an accepted event: which of its deliveries only their endpoints' lanes may send, which can be attempted
// directly, or that its dispatch has to plan it. The relay calls it for every event it owns.
import { parksBySettings } from '../deliveries/attempt.ts';
import { type Content, judge, type Subscription } from './subscription.ts';

/** An event for more endpoints than this is planned page by page in its dispatch. */
export const maxDirectEndpoints = 5_000;

export interface EventToRoute {
  eventType: string;
  channels: readonly string[];
  /** Microseconds of the database's clock. */
  acceptedAtUs: number;
  /** Scheduled, or for one endpoint only. */
  special: boolean;
  /** Endpoints for which its deliveries are held already. */
  held?: ReadonlySet<string>;
}

export interface EndpointToRoute extends Subscription {
  endpointId: string;
  /** Microseconds of the database's clock. */
  createdAtUs: number;
  needsLane: boolean;
  notBeforeMs: number | null;
}

export type Route<E> =
  /** Its dispatch plans the event. `deliveries`: how many it will have, as far as is known. */
  | { kind: 'plan'; deliveries: number }
  /**
   * `lane`: endpoints that only their lanes may send to. `direct`: the others. `filteredOut`: how many others only a filter
   * kept from the event.
   */
  | { kind: 'deliver'; lane: E[]; direct: E[]; filteredOut: number };

/**
 * `endpoints`: those of the event's tenant; null: it has too many to be held in memory. `laneOnly`: whether only the
 * lane may send to this endpoint, whatever its settings. `content`: of the event, if an endpoint has a filter.
 *
 * @example
 * routeEvent({ ...event, special: true }, [], () => false, nowMs) // { kind: 'plan', deliveries: 1 }
 */
export function routeEvent<E extends EndpointToRoute>(
  event: EventToRoute,
  endpoints: Iterable<E> | null,
  laneOnly: (endpointId: string) => boolean,
  nowMs: number,
  content: Content = null,
): Route<E> {
  if (event.special) return { kind: 'plan', deliveries: 1 };
  if (endpoints === null) return { kind: 'plan', deliveries: maxDirectEndpoints };
  const addressed = { type: event.eventType, channels: event.channels, content };
  const lane: E[] = [];
  const direct: E[] = [];
  let filteredOut = 0;
  for (const endpoint of endpoints) {
    if (endpoint.createdAtUs > event.acceptedAtUs) continue;
    const verdict = judge(endpoint, addressed);
    if (verdict === 'filter_not_matched') filteredOut++;
    if (verdict !== 'wanted') continue;
    const waits = event.held?.has(endpoint.endpointId) || parksBySettings(endpoint, nowMs) || laneOnly(endpoint.endpointId);
    (waits ? lane : direct).push(endpoint);
  }
  const deliveries = lane.length + direct.length;
  return deliveries > maxDirectEndpoints ? { kind: 'plan', deliveries } : { kind: 'deliver', lane, direct, filteredOut };
}
