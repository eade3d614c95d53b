// How each event of a relay leaves: on its own and at once, or with its first attempts ahead and in a batch (design, decision 3).
//
// Memory holds so many events and no more; the others wait in the outbox and are read when there is room. So does an event whose commit succeeded and
// whose answer was lost: `recheck` finds it.
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
import type { HandOver } from './hand-over.ts';

const mostKnown = 10_000;
const roomFor = 1_000;
const readAtOnce = 250;
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
  /** Each of them could have its first attempts made ahead of its dispatch. */
  couldGoAhead(events: OwnedEvent[]): boolean;
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
}

export function createDepartures({ db, cache, firstAttempter, handOver, modes, log, relayId, mayAct }: DeparturesDeps): Departures {
  const known = new Set<string>();
  /** Those that their dispatch has to plan. */
  const unplannable = new WeakSet<OwnedEvent>();
  let stopped = false;
  let leftInOutbox = false;
  let reading = false;

  function add(events: OwnedEvent[]): void {
    for (const event of events) {
      if (known.has(event.eventId)) continue;
      if (known.size >= mostKnown) leftInOutbox = true;
      else {
        known.add(event.eventId);
        void depart(event);
      }
    }
  }

  async function depart(event: OwnedEvent): Promise<void> {
    try {
      const plan = await planOf(event);
      if (stopped) return;
      if (plan === null) unplannable.add(event);
      if (plan === null || modes.choose(plan.length, Date.now()) === 'individual') handOver.single(event);
      else await goAhead(event, plan);
    } catch (error) {
      log.warn({ err: error, relayId, eventId: event.eventId }, 'relay.not_planned');
      if (!isStoreAway(error)) {
        // whatever is wrong with it, its dispatch plans it alone
        unplannable.add(event);
        return handOver.single(event);
      }
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
    if (left === 0) return handOver.ready(event);
    for (const { endpointId, maxInFlight } of missing) {
      firstAttempter.push({
        event,
        endpointId,
        endpointLimit: maxInFlight,
        endpoint: () => cache.current(event.tenantId, endpointId),
        mayPost: () => mayAct() && !stopped,
        written() {
          left--;
          if (left === 0) handOver.ready(event);
        },
      });
    }
  }

  function gone(eventIds: string[]): void {
    for (const id of eventIds) known.delete(id);
    if (leftInOutbox && known.size < mostKnown - roomFor) recheck();
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
    for (let after: string | null = null; !stopped && mayAct() && known.size < mostKnown; ) {
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
    couldGoAhead: (events) => !events.some((event) => unplannable.has(event)),
    isFull: () => known.size >= mostKnown,
    gone,
    stop() {
      stopped = true;
    },
  };
}
