// How each event of a relay leaves: on its own and at once, or with its first attempts ahead and in a batch (design, decision 3).
//
// Memory holds so many events and no more; the others wait in the outbox and are read when there is room. So does an event whose commit succeeded and
// whose answer was lost: `recheck` finds it. Of a tenant that has many waiting here no more are taken from the outbox: relays that have fewer take them.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstAttempter } from '../attempts/first-attempter.ts';
import { isStoreAway } from '../db/errors.ts';
import { existingDeliveries, type OwnedEvent, ownOutboxRows } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import type { EndpointSnapshot } from '../db/tenant-endpoints.ts';
import type { ModeSwitch } from '../domain/dispatch-mode.ts';
import { deliveryId } from '../domain/ids.ts';
import { judge } from '../domain/subscription.ts';
import type { Logger } from '../logger.ts';
import type { EndpointCache } from './endpoint-cache.ts';
import type { HandOver, LeavingEvent } from './hand-over.ts';

const mostKnown = 10_000;
const roomFor = 1_000;
const mostBytes = 64 * 1024 * 1024;
const readAtOnce = 100;
/** Of one tenant, not yet attempted; at half of it there is room again. */
const enoughOfTenant = 64;
/** An event for more is planned page by page in its dispatch. */
const mostAhead = 5_000;
const pauseMs = 500;

export interface Departures {
  /** Events that this relay owns now. */
  add(events: OwnedEvent[]): void;
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

export interface DeparturesDeps {
  db: Db;
  cache: EndpointCache;
  firstAttempter: FirstAttempter;
  handOver: HandOver;
  modes: ModeSwitch;
  log: Logger;
  relayId: string;
  mayAct(): boolean;
  /** A tenant that was crowded is not any more. */
  onRoom(): void;
}

export function createDepartures(deps: DeparturesDeps): Departures {
  const { db, cache, firstAttempter, handOver, modes, log, relayId, mayAct, onRoom } = deps;
  /** Events that have not left; null once their attempts are made. */
  const known = new Map<string, { tenantId: string; bytes: number } | null>();
  const waiting = new Map<string, number>();
  const crowds = new Set<string>();
  let bytes = 0;
  let stopped = false;
  let leftInOutbox = false;
  let reading = false;

  function add(events: OwnedEvent[]): void {
    for (const event of events) {
      if (known.has(event.eventId)) continue;
      if (isFull()) leftInOutbox = true;
      else {
        known.set(event.eventId, { tenantId: event.tenantId, bytes: event.body.length });
        count(event.tenantId, 1, event.body.length);
        void depart(event);
      }
    }
  }

  function isFull(): boolean {
    return known.size >= mostKnown || bytes >= mostBytes;
  }

  function count(tenantId: string, by: 1 | -1, more: number): void {
    bytes += more;
    const now = (waiting.get(tenantId) ?? 0) + by;
    if (now === 0) waiting.delete(tenantId);
    else waiting.set(tenantId, now);
    if (now >= enoughOfTenant) crowds.add(tenantId);
    else if (now < enoughOfTenant / 2 && crowds.delete(tenantId)) onRoom();
  }

  /** It waits for no attempt any more. */
  function attempted(eventId: string): void {
    const waited = known.get(eventId);
    if (!waited) return;
    known.set(eventId, null);
    count(waited.tenantId, -1, -waited.bytes);
  }

  function ready(event: OwnedEvent, urgent: boolean): void {
    attempted(event.eventId);
    handOver.ready(leaving(event, false), urgent);
  }

  async function depart(event: OwnedEvent): Promise<void> {
    try {
      const plan = await planOf(event);
      if (stopped) return;
      if (plan === null || modes.choose(plan.length, Date.now()) === 'individual') handOver.single(leaving(event, plan === null));
      else await goAhead(event, plan);
    } catch (error) {
      log.warn({ err: error, relayId, eventId: event.eventId }, 'relay.not_planned');
      if (!isStoreAway(error)) return handOver.single(leaving(event, true)); // whatever is wrong with it, its dispatch plans it alone
      await delay(pauseMs);
      gone([event.eventId]);
      recheck();
    }
  }

  /** The endpoints that get it; null: its dispatch plans it. */
  async function planOf(event: OwnedEvent): Promise<EndpointSnapshot[] | null> {
    if (event.special) return null;
    const { endpoints } = await cache.get(event.tenantId, event.endpointsVersion);
    if (endpoints === null) return null;
    const { eventType: type, channels, acceptedAtUs } = event;
    const wanting = [...endpoints.values()].filter(
      (endpoint) => endpoint.createdAtUs <= acceptedAtUs && judge(endpoint, { type, channels }) === 'wanted',
    );
    return wanting.length > mostAhead ? null : wanting;
  }

  async function goAhead(event: OwnedEvent, plan: EndpointSnapshot[]): Promise<void> {
    const existing = event.seconds ? await existingDeliveries(db, event.eventId) : new Set<string>();
    const missing = plan.filter(({ endpointId }) => !existing.has(deliveryId(event.eventId, endpointId)));
    let left = missing.length;
    let urgent = existing.size > 0; // they may need their workflows
    if (left === 0) return ready(event, urgent);
    for (const { endpointId, maxInFlight } of missing) {
      firstAttempter.push({
        event,
        endpointId,
        endpointLimit: maxInFlight,
        endpoint: () => cache.current(event.tenantId, endpointId),
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
    for (const id of eventIds) {
      attempted(id);
      known.delete(id);
    }
    if (leftInOutbox && known.size < mostKnown - roomFor && bytes < mostBytes) recheck();
  }

  function recheck(): void {
    leftInOutbox = true;
    if (reading) return;
    reading = true;
    void readOutbox()
      .catch((error) => log.warn({ err: error, relayId }, 'relay.outbox_not_read'))
      .finally(() => {
        reading = false;
      });
  }

  async function readOutbox(): Promise<void> {
    leftInOutbox = false;
    for (let after: string | null = null; !stopped && mayAct() && !isFull(); ) {
      const events: OwnedEvent[] = await ownOutboxRows(db, relayId, after, readAtOnce);
      add(events);
      after = events.at(-1)?.eventId ?? null;
      if (events.length < readAtOnce) return;
    }
    leftInOutbox = true;
  }

  return {
    add,
    recheck,
    isFull,
    crowded: () => [...crowds],
    gone,
    stop() {
      stopped = true;
    },
  };
}

/** Without its body, which is not needed any more. `needsDispatch`: its first attempts cannot be made ahead. */
function leaving({ eventId, tenantId, tenant, eventType }: OwnedEvent, needsDispatch: boolean): LeavingEvent {
  return { eventId, tenantId, tenant, eventType, needsDispatch };
}
