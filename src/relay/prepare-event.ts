// Prepares an event for its dispatch: routes it, parks what only lanes may send, and makes its first attempts, unless its
// dispatch makes them. If another process began the event, only deliveries that have no row yet are attempted.
import type { FirstAttempt } from '#attempts/first-attempt';
import type { FirstAttempter, Written } from '#attempts/first-attempter';
import type { LaneWatch } from '#attempts/lane-watch';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { OwnedEvent } from '#db/events/outbox';
import { type Opening, openContent } from '#db/events/read-content';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { type Route, routeEvent } from '#domain/events/route-event';
import { deliveryId } from '#domain/ids';
import type { DispatchMetrics } from '#telemetry/relay-metrics';
import type { Leaving, LeavingKind } from './dispatch-queue.ts';
import type { EndpointCache } from './endpoint-cache.ts';
import type { EndpointsOfType } from './endpoints-of-type.ts';
import type { Parking } from './parking.ts';

export interface PrepareDeps {
  cache: Pick<EndpointCache, 'get' | 'current' | 'isFresh'>;
  ofType: EndpointsOfType<EndpointSnapshot>;
  watch: Pick<LaneWatch, 'parks'>;
  parking: Parking;
  contents: Opening;
  metrics?: Pick<DispatchMetrics, 'filteredOut'>;
  firstAttempter: Pick<FirstAttempter, 'attempt'>;
  /** The status of each delivery that an event has, by endpoint id. Rejects when PostgreSQL is away. */
  existingOf(eventId: string): Promise<ReadonlyMap<string, DeliveryStatus>>;
  /** False: the relay has lost its lease or stops, and neither posts nor writes. */
  mayAct(): boolean;
}

const noDeliveries: ReadonlyMap<string, DeliveryStatus> = new Map();

/**
 * Routes the event, and parks the deliveries that only lanes may send. Null: the relay may not act any more. Rejects when
 * PostgreSQL is away.
 */
export async function placeEvent(deps: PrepareDeps, event: OwnedEvent): Promise<Route<EndpointSnapshot> | null> {
  const { cache, ofType, watch, parking, contents, metrics, mayAct } = deps;
  const known = event.special ? undefined : await cache.get(event.tenantId, event.endpointsVersion);
  const endpoints = known ? ofType.get(known, event.eventType) : null;
  const content = known?.hasFilters ? await openContent(contents, event.eventId, event.body) : null;
  const route = routeEvent(event, endpoints, (endpointId) => watch.parks(endpointId), Date.now(), content);
  if (route.kind === 'deliver' && route.filteredOut > 0) metrics?.filteredOut(route.filteredOut);
  const lane = route.kind === 'deliver' ? route.lane : [];
  if (!mayAct()) return null;
  if (lane.length > 0 || event.held) await park(parking, event, lane);
  return mayAct() ? route : null;
}

/** The event for its dispatch, without its body. `urgent`: a delivery needs its workflow. */
export function leavingAs(
  kind: LeavingKind,
  { eventId, tenantId, tenant, eventType, trace }: OwnedEvent,
  urgent: boolean,
  parked = false,
): Leaving {
  return { kind, event: { eventId, tenantId, tenant, eventType, trace }, urgent, parked };
}

/**
 * The event for a dispatch of its own, with the only delivery that needs a workflow, if there is one. An event that another
 * process may have begun has none: rows without workflows may exist, and a workflow of an earlier dispatch may be open.
 */
export function leavingIndividually(event: OwnedEvent, { direct }: Route<EndpointSnapshot> & { kind: 'deliver' }): Leaving {
  const leaving = leavingAs('individual', event, false);
  const [endpoint, second] = direct;
  if (!endpoint || second || event.mayBeBegun) return leaving;
  const { endpointId, host } = endpoint;
  const { eventId, tenant, eventType, trace } = event;
  const refs = { deliveryId: deliveryId(eventId, endpointId), tenant, endpointId, endpointHost: host, eventType, trace };
  return { ...leaving, only: { ...refs, status: 'pending', round: 1 } };
}

/** The attempted event, whose only delivery gets its workflow all the same: nothing waits for that. */
export function followedBy(only: Leaving['only'], attempted: Leaving | null): Leaving | null {
  return attempted && only ? { ...attempted, kind: 'followed', only } : attempted;
}

/** Holds the deliveries of these endpoints and signals their lanes. Rejects when PostgreSQL is away. */
async function park(parking: Parking, event: OwnedEvent, endpoints: EndpointSnapshot[]): Promise<void> {
  const { eventId, tenantId, eventType, expiresAt, held } = event;
  const ids = endpoints.map(({ endpointId }) => endpointId);
  const missing = held ? ids.filter((endpointId) => !held.has(endpointId)) : ids;
  await parking.hold(
    missing.map((endpointId) => ({ deliveryId: deliveryId(eventId, endpointId), eventId, endpointId, tenantId, eventType, expiresAt })),
  );
  await parking.tell([...new Set([...ids, ...(held ?? [])])]);
}

/**
 * Makes the first attempts of a placed event. `hasWorkflows`: the budget has granted its workflows already. Null: the relay lost its lease, and another one goes on. Rejects when
 * PostgreSQL is away, or an attempt failed inside Posthorn; then all attempts have ended.
 */
export async function attemptEvent(
  deps: PrepareDeps,
  event: OwnedEvent,
  { lane, direct }: Route<EndpointSnapshot> & { kind: 'deliver' },
  hasWorkflows: boolean,
): Promise<Leaving | null> {
  const existing = event.mayBeBegun ? await deps.existingOf(event.eventId) : noDeliveries;
  const held = [...existing.keys()].filter((endpointId) => existing.get(endpointId) === 'held');
  // the process that parked them may have crashed before it signalled their lanes
  if (held.length > 0) await deps.parking.tell(held.filter((id) => !lane.some(({ endpointId }) => endpointId === id)));
  const missing = direct.filter(({ endpointId }) => !existing.has(endpointId));
  const attempted = await together(missing.map((endpoint) => attemptOne(deps, event, endpoint, hasWorkflows)));
  if (attempted === 'dropped') return null;
  // existing deliveries that are not held may need their workflows
  const urgent = attempted === 'needs_workflow' || existing.size > held.length;
  return leavingAs('attempted', event, urgent, !urgent && direct.length === 0 && lane.length > 0);
}

async function together(attempts: Promise<Written>[]): Promise<Written> {
  const [only] = attempts;
  if (only && attempts.length === 1) return only;
  const ended = await Promise.allSettled(attempts);
  let all: Written = 'needs_no_workflow';
  for (const each of ended) {
    if (each.status === 'rejected') throw each.reason;
    if (each.value === 'dropped' || all === 'needs_no_workflow') all = each.value;
  }
  return all;
}

function attemptOne(
  deps: PrepareDeps,
  event: OwnedEvent,
  { endpointId, maxInFlight }: EndpointSnapshot,
  hasWorkflow: boolean,
): Promise<Written> {
  const { firstAttempter, cache, mayAct } = deps;
  const job: FirstAttempt = {
    event,
    endpointId,
    endpointLimit: maxInFlight,
    endpoint: () => cache.current(event.tenantId, endpointId),
    isFresh: () => cache.isFresh(event.tenantId),
    mayPost: mayAct,
    hasWorkflow,
  };
  return firstAttempter.attempt(job);
}
