// Decides how each event of a relay is dispatched: individually, or batched after first attempts.
// Before that it parks the deliveries of endpoints that only their lanes send to. Memory holds a
// limited number of events. The rest waits in the outbox and is read when there is room.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstAttempter } from '#attempts/first-attempter';
import type { LaneWatch } from '#attempts/lane-watch';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import { type OutboxRow, type OwnedEvent, ownOutboxRows, readOwned } from '#db/events/outbox';
import { isStoreAway } from '#db/store/errors';
import type { Db } from '#db/store/pool';
import { parksBySettings } from '#domain/attempt';
import type { DeliveryStatus } from '#domain/delivery';
import type { ModeSwitch } from '#domain/dispatch-mode';
import { deliveryId } from '#domain/ids';
import { judge } from '#domain/subscription';
import type { Logger } from '#runtime/logger';
import { leaving } from './accepted-events.ts';
import { inBackground } from './background.ts';
import type { EndpointCache } from './endpoint-cache.ts';
import { createExistingDeliveries } from './existing-deliveries.ts';
import type { HandOver } from './hand-over.ts';
import { createInMemoryEvents } from './in-memory-events.ts';
import type { Parking } from './parking.ts';

const idsAtOnce = 1_000;
const readAtOnce = 100;
/** An event for more endpoints than this is planned page by page in its dispatch. */
const maxEndpointsAhead = 5_000;
const noDeliveries: ReadonlyMap<string, DeliveryStatus> = new Map();

export interface EventRouter {
  /** Takes over events that this relay owns now. Events that do not fit in memory are read from the outbox later. */
  add(events: OwnedEvent[]): void;
  /**
   * Announces events that are about to be committed under this relay's id. Their outbox rows are skipped until
   * `settle`.
   */
  expect(eventIds: string[]): void;
  /** Adds the committed events and ends the announcement of all `eventIds`. */
  settle(eventIds: string[], committed: OwnedEvent[]): void;
  /**
   * Reads the outbox again for events of this relay that were never handed to it, such as those whose commit got no
   * answer.
   */
  recheck(): void;
  /** True: there is no room in memory for more events. */
  isFull(): boolean;
  /** The tenants that have enough events waiting in memory. */
  crowded(): string[];
  /** Forgets events that are in a dispatch now, or belong to another relay. */
  gone(eventIds: string[]): void;
  stop(): void;
}

export interface EventRouterDeps {
  db: Db;
  cache: EndpointCache;
  firstAttempter: FirstAttempter;
  parking: Parking;
  watch: Pick<LaneWatch, 'parks'>;
  handOver: HandOver;
  modes: ModeSwitch;
  log: Logger;
  relayId: string;
  /** The pause after PostgreSQL failed. */
  rereadAfterMs: number;
  mayAct(): boolean;
  /** Called when a crowded tenant has room again. */
  onRoom(): void;
}

/**
 * An event that has nothing but parked deliveries needs no individual dispatch: it leaves with the next batch.
 * An event whose commit was never answered stays in the outbox until `recheck` reads it.
 */
export function createEventRouter(deps: EventRouterDeps): EventRouter {
  const { db, cache, firstAttempter, parking, watch, handOver, modes, log, relayId, mayAct, onRoom } = deps;
  const inMemory = createInMemoryEvents({ onRoom, onSpace: () => reading.soon() });
  const existingOf = createExistingDeliveries(db);
  let stopped = false;
  const reading = inBackground(readOutbox, (error) => log.warn({ err: error, relayId }, 'relay.outbox_not_read'));

  function add(events: OwnedEvent[]): void {
    for (const event of events) {
      if (inMemory.has(event.eventId) || inMemory.isFullFor(event.tenantId)) continue;
      inMemory.take(event.eventId, event.tenantId, event.body.length);
      void depart(event);
    }
  }

  function ready(event: OwnedEvent, urgent: boolean): void {
    inMemory.attempted(event.eventId);
    handOver.ready(leaving(event, false), urgent);
  }

  async function depart(event: OwnedEvent): Promise<void> {
    try {
      const { ahead, deliveries } = await planOf(event);
      const parked = ahead?.filter((endpoint) => event.held?.has(endpoint.endpointId) || parks(endpoint)) ?? [];
      if (stopped || !mayAct()) return;
      await park(event, parked);
      if (stopped) return;
      const left = ahead?.filter((endpoint) => !parked.includes(endpoint)) ?? [];
      if (parked.length > 0 && left.length === 0) return await goAhead(event, [], parked);
      const mode = modes.choose(deliveries - parked.length, Date.now());
      if (mode === 'batched') handOver.giveBack();
      if (ahead === null) dispatch(event);
      else if (mode === 'individual') handOver.single(leaving(event, false));
      else await goAhead(event, left, parked);
    } catch (error) {
      log.warn({ err: error, relayId, eventId: event.eventId }, 'relay.not_planned');
      if (!isStoreAway(error)) return dispatch(event); // any other error: the dispatch plans it alone
      await delay(deps.rereadAfterMs);
      gone([event.eventId]);
      reading.soon();
    }
  }

  /** For an event whose first attempts cannot be made before its dispatch. The dispatch plans it, in either mode. */
  function dispatch(event: OwnedEvent): void {
    inMemory.attempted(event.eventId);
    handOver.single(leaving(event, true));
  }

  /**
   * `ahead`: the endpoints whose first attempts can be made before the dispatch; null: its dispatch must plan the
   * event. `deliveries`: how many deliveries it will have, as far as is known.
   */
  async function planOf(event: OwnedEvent): Promise<{ ahead: EndpointSnapshot[] | null; deliveries: number }> {
    if (event.special) return { ahead: null, deliveries: 1 };
    const { endpoints } = await cache.get(event.tenantId, event.endpointsVersion);
    if (endpoints === null) return { ahead: null, deliveries: maxEndpointsAhead };
    const { eventType: type, channels, acceptedAtUs } = event;
    const wanting = [...endpoints.values()].filter(
      (endpoint) => endpoint.createdAtUs <= acceptedAtUs && judge(endpoint, { type, channels }) === 'wanted',
    );
    return { ahead: wanting.length > maxEndpointsAhead ? null : wanting, deliveries: wanting.length };
  }

  function parks(endpoint: EndpointSnapshot): boolean {
    return parksBySettings(endpoint, Date.now()) || watch.parks(endpoint.endpointId);
  }

  async function park(event: OwnedEvent, endpoints: EndpointSnapshot[]): Promise<void> {
    const { eventId, tenantId, eventType, expiresAt, held } = event;
    const ids = endpoints.map(({ endpointId }) => endpointId);
    const missing = ids.filter((endpointId) => !held?.has(endpointId));
    await parking.hold(
      missing.map((endpointId) => ({ deliveryId: deliveryId(eventId, endpointId), eventId, endpointId, tenantId, eventType, expiresAt })),
    );
    await parking.tell([...new Set([...ids, ...(held ?? [])])]);
  }

  async function goAhead(event: OwnedEvent, plan: EndpointSnapshot[], parked: EndpointSnapshot[]): Promise<void> {
    const existing = event.mayBeBegun ? await existingOf(event.eventId) : noDeliveries;
    const held = [...existing.keys()].filter((endpointId) => existing.get(endpointId) === 'held');
    // the process that parked them may have crashed before it signalled their lanes
    await parking.tell(held.filter((held) => !parked.some(({ endpointId }) => endpointId === held)));
    const missing = plan.filter(({ endpointId }) => !existing.has(endpointId));
    let left = missing.length;
    let urgent = existing.size > held.length; // the existing deliveries that are not held may need their workflows
    if (left === 0) return ready(event, urgent);
    for (const { endpointId, maxInFlight } of missing) {
      const attempted = firstAttempter.attempt({
        event,
        endpointId,
        endpointLimit: maxInFlight,
        endpoint: () => cache.current(event.tenantId, endpointId),
        isFresh: () => cache.isFresh(event.tenantId),
        mayPost: () => mayAct() && !stopped,
      });
      void attempted.then((written) => {
        if (written === 'dropped') return;
        left--;
        urgent ||= written === 'open';
        if (left === 0) ready(event, urgent);
      });
    }
  }

  function gone(eventIds: string[]): void {
    for (const id of eventIds) inMemory.forget(id);
  }

  async function readOutbox(): Promise<void> {
    for (let after: string | null = null; !stopped && mayAct() && !inMemory.isFull(); ) {
      const page: OutboxRow[] = await ownOutboxRows(db, relayId, after, inMemory.fullFor(), idsAtOnce);
      let missing = page.filter(({ eventId, tenantId }) => !inMemory.has(eventId) && !inMemory.isFullFor(tenantId));
      while (missing.length > 0 && !stopped && mayAct()) {
        const ids = missing.slice(0, readAtOnce).map(({ eventId }) => eventId);
        add(await readOwned(db, relayId, ids));
        missing = missing.slice(readAtOnce).filter(({ tenantId }) => !inMemory.isFullFor(tenantId));
      }
      after = page.at(-1)?.eventId ?? null;
      if (page.length < idsAtOnce) return;
    }
  }

  return {
    add,
    expect: inMemory.expect,
    settle(eventIds, committed) {
      inMemory.unexpect(eventIds);
      add(committed);
    },
    recheck: reading.soon,
    isFull: inMemory.isFull,
    crowded: inMemory.crowded,
    gone,
    stop() {
      stopped = true;
    },
  };
}
