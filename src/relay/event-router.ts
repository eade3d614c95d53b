// How each event of a relay leaves: on its own and at once, or with its first attempts ahead and in a batch (design, decision 3). Before that, what it has for
// endpoints whose lanes alone send is held; an event that has nothing else needs no dispatch of its own.
//
// Memory holds a limited number of events. The others wait in the outbox until there is room, as does one whose commit was never answered.
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
/** An event for more is planned page by page in its dispatch. */
const mostAhead = 5_000;
const pauseMs = 500;
const noDeliveries: ReadonlyMap<string, DeliveryStatus> = new Map();

export interface EventRouter {
  /** Events that this relay owns now. */
  add(events: OwnedEvent[]): void;
  /** Events that are about to be committed under this relay's id: their rows are left alone until `settle`. */
  expect(eventIds: string[]): void;
  /** Adds those that were committed; none of `eventIds` is expected any more. */
  settle(eventIds: string[], committed: OwnedEvent[]): void;
  /** Reads the outbox again for events of ours that nobody handed us. */
  recheck(): void;
  /** True: more would only wait in memory. */
  isFull(): boolean;
  /** The tenants of which enough wait here. */
  crowded(): string[];
  /** The event is in a dispatch, or another relay's. */
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
  mayAct(): boolean;
  /** A tenant that was crowded is not any more. */
  onRoom(): void;
}

export function createEventRouter(deps: EventRouterDeps): EventRouter {
  const { db, cache, firstAttempter, parking, watch, handOver, modes, log, relayId, mayAct, onRoom } = deps;
  const inMemory = createInMemoryEvents({ onRoom, onSpace: () => reading.soon() });
  const begun = createExistingDeliveries(db);
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
      if (!isStoreAway(error)) return dispatch(event); // whatever is wrong with it, its dispatch plans it alone
      await delay(pauseMs);
      gone([event.eventId]);
      reading.soon();
    }
  }

  /** Its first attempts cannot be made ahead: its dispatch plans it, whatever the mode. */
  function dispatch(event: OwnedEvent): void {
    inMemory.attempted(event.eventId);
    handOver.single(leaving(event, true));
  }

  /** The endpoints that get it ahead of its dispatch, null: none; and how many deliveries it will have, as far as is known. */
  async function planOf(event: OwnedEvent): Promise<{ ahead: EndpointSnapshot[] | null; deliveries: number }> {
    if (event.special) return { ahead: null, deliveries: 1 };
    const { endpoints } = await cache.get(event.tenantId, event.endpointsVersion);
    if (endpoints === null) return { ahead: null, deliveries: mostAhead };
    const { eventType: type, channels, acceptedAtUs } = event;
    const wanting = [...endpoints.values()].filter(
      (endpoint) => endpoint.createdAtUs <= acceptedAtUs && judge(endpoint, { type, channels }) === 'wanted',
    );
    return { ahead: wanting.length > mostAhead ? null : wanting, deliveries: wanting.length };
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
    const existing = event.mayBeBegun ? await begun(event.eventId) : noDeliveries;
    const held = [...existing.keys()].filter((endpointId) => existing.get(endpointId) === 'held');
    // whoever held them may have ended before it told their lanes
    await parking.tell(held.filter((held) => !parked.some(({ endpointId }) => endpointId === held)));
    const missing = plan.filter(({ endpointId }) => !existing.has(endpointId));
    let left = missing.length;
    let urgent = existing.size > held.length; // they may need their workflows
    if (left === 0) return ready(event, urgent);
    for (const { endpointId, maxInFlight } of missing) {
      firstAttempter.push({
        event,
        endpointId,
        endpointLimit: maxInFlight,
        endpoint: () => cache.current(event.tenantId, endpointId),
        isFresh: () => cache.isFresh(event.tenantId),
        mayPost: () => mayAct() && !stopped,
        written(as) {
          left--;
          urgent ||= as === 'open';
          if (left === 0) ready(event, urgent);
        },
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
