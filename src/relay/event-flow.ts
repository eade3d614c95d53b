// The way of each event that a relay owns, under one lease: routed, parked or attempted, and moved into a dispatch.
// Memory holds a limited number of events. The rest waits in the outbox and is read when there is room.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstAttempter } from '#attempts/first-attempter';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { OwnedEvent } from '#db/events/outbox';
import { isStoreAway } from '#db/store/errors';
import { type DispatchMode, workflowsOf } from '#domain/events/dispatch-mode';
import type { Route } from '#domain/events/route-event';
import type { Lease } from '#domain/relay-lease';
import { inBackground } from './background.ts';
import type { Leaving } from './dispatch-queue.ts';
import { Dispatcher } from './dispatcher.ts';
import type { EndpointCache } from './endpoint-cache.ts';
import { EndpointsOfType } from './endpoints-of-type.ts';
import { createExistingDeliveries } from './existing-deliveries.ts';
import { InMemoryEvents } from './in-memory-events.ts';
import { OrphanTaker, ownEvents } from './outbox-reader.ts';
import { attemptEvent, followedBy, leavingAs, leavingIndividually, type PrepareDeps, placeEvent } from './prepare-event.ts';
import type { RelayDeps } from './relay-deps.ts';

export interface EventFlowDeps extends RelayDeps {
  cache: EndpointCache;
}

/**
 * An event is in one of these states. Its outbox row guards it up to the move into a dispatch, so a crash in any of
 * them repeats it: by the lease of another relay, or by the next one of this process.
 *
 * 1. In the outbox only: announced (`expect`) while its commit is under way, or without room in memory.
 * 2. Routed: its endpoints are read, and the deliveries that only lanes may send are parked.
 * 3. Attempted (batched mode): each first attempt was made, parked or given up, and its row is written. In individual
 *    mode an event skips this state, unless others are being dispatched: its deliveries' workflows make all attempts. So
 *    does, in both modes, an event that only a dispatch can plan: it is scheduled, for one endpoint only, for too many, or
 *    could not be prepared.
 * 4. Waiting for a dispatch, alone or in a batch, without its body. An event that skipped state 3 because of the mode
 *    returns to 1 when the mode changes to batched: the outbox says whether it is still ours, and what exists of it.
 * 5. Gone: in a dispatch, or owned by another relay. If the dispatch is taken back, it is in state 1 again.
 */
export class EventFlow {
  readonly #deps: EventFlowDeps;
  readonly #lease: Lease;
  readonly #firstAttempter: FirstAttempter;
  readonly #memory = new InMemoryEvents();
  readonly #dispatcher: Dispatcher;
  readonly #preparing: PrepareDeps;
  readonly #orphans: OrphanTaker;
  #stopped = false;
  readonly #reading = inBackground(
    () => this.#readOwn(),
    (error) => this.#deps.log.warn({ err: error, relayId: this.#lease.id }, 'relay.outbox_not_read'),
  );
  readonly #taking = inBackground(
    () => this.#takeOrphans(),
    (error) => this.#deps.log.warn({ err: error }, 'relay.take_failed'),
  );

  constructor(lease: Lease, deps: EventFlowDeps) {
    this.#deps = deps;
    this.#lease = lease;
    this.#firstAttempter = deps.openFirstAttempter();
    const mayAct = () => this.#mayAct();
    this.#dispatcher = new Dispatcher({ ...deps, retryMs: deps.timings.relay.retryMs, relayId: lease.id, mayAct });
    this.#preparing = {
      ...deps,
      ofType: new EndpointsOfType(),
      firstAttempter: this.#firstAttempter,
      existingOf: createExistingDeliveries(deps.db),
      mayAct,
    };
    this.#orphans = new OrphanTaker(deps.db, lease.id, this.#memory);
  }

  /** Takes over events that this relay owns now. Events that do not fit in memory are read from the outbox later. */
  add(events: OwnedEvent[]): void {
    for (const event of events) {
      if (this.#memory.has(event.eventId) || this.#memory.isFullFor(event.tenantId)) continue;
      this.#memory.take(event.eventId, event.tenantId, event.body.length);
      this.#handle(event);
    }
  }

  /** Announces events about to be committed under this lease. Their outbox rows are skipped until `takeCommitted`. */
  expect(eventIds: string[]): void {
    this.#memory.expect(eventIds);
  }

  /** Adds the committed events and ends the announcement of all `eventIds`. */
  takeCommitted(eventIds: string[], committed: OwnedEvent[]): void {
    this.#memory.unexpect(eventIds);
    this.add(committed);
  }

  /** Reads the outbox for events of this relay that it was never given. */
  readSoon(): void {
    this.#reading.soon();
  }

  /** Takes rows without an owner, if there are any and the lease is steady. */
  takeSoon(): void {
    this.#taking.soon();
  }

  /** How many events wait for their attempts or their dispatch. */
  waiting(): number {
    return this.#dispatcher.waiting() + this.#firstAttempter.waiting();
  }

  /** The events that have first attempts in flight. */
  eventsInFlight(): string[] {
    return this.#firstAttempter.eventsInFlight();
  }

  /** Drops the waiting events. Resolves when the attempts and dispatches in progress have ended and are recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#firstAttempter.stop(), this.#dispatcher.stop()]);
  }

  /** Resolves when this flow takes no more outbox rows. Call it after `stop`. */
  async taken(): Promise<void> {
    await this.#taking.idle();
  }

  /** The body is dropped before the event waits for its dispatch, which may take seconds: only `#prepare` refers to it. */
  #handle(event: OwnedEvent): void {
    void this.#prepare(event).then((leaving) => leaving && this.#dispatch(leaving));
  }

  /** Never rejects. */
  async #prepare(event: OwnedEvent): Promise<Leaving | null> {
    try {
      const route = await placeEvent(this.#preparing, event);
      if (!route) return null;
      if (route.kind === 'deliver') this.#deps.tracing?.fannedOut(event, route.direct.length, route.lane.length);
      const mode = this.#choose(route, event.tenantId);
      if (route.kind === 'plan') return leavingAs('unplanned', event, true);
      if (mode === 'batched') return await attemptEvent(this.#preparing, event, route, false);
      const leaving = leavingIndividually(event, route);
      if (this.#dispatcher.takePlace()) return this.#withSlot(leaving, event.tenantId, route.direct[0]);
      return followedBy(leaving.only, await attemptEvent(this.#preparing, event, route, true));
    } catch (error) {
      this.#deps.log.warn({ err: error, relayId: this.#lease.id, eventId: event.eventId }, 'relay.not_planned');
      if (!isStoreAway(error)) return leavingAs('unplanned', event, true);
      await delay(this.#deps.timings.relay.rereadAfterMs);
      this.#forget(event.eventId);
      this.readSoon();
      return null;
    }
  }

  /** In a burst that comes now, the first attempt of its workflow would find no slot. */
  #withSlot(leaving: Leaving, tenantId: string, endpoint: EndpointSnapshot | undefined): Leaving {
    const { reserved, dispatch } = this.#deps;
    if (dispatch === 'adaptive' && leaving.only && endpoint)
      reserved?.reserve(leaving.only.deliveryId, tenantId, endpoint.endpointId, endpoint.maxInFlight);
    return leaving;
  }

  #choose(route: Route<unknown>, tenantId: string): DispatchMode {
    // parked deliveries need no dispatch soon, so an event that has no others leaves with the next batch
    if (route.kind === 'deliver' && route.direct.length === 0 && route.lane.length > 0) return 'batched';
    const workflows = route.kind === 'plan' ? 1 + route.deliveries : workflowsOf(route.direct.length);
    return this.#deps.modes.choose(workflows, Date.now(), tenantId);
  }

  /** Never rejects. */
  async #dispatch(leaving: Leaving): Promise<void> {
    const { eventId } = leaving.event;
    if (leaving.kind !== 'individual') this.#freeShare(eventId);
    const outcome = await this.#dispatcher.dispatch(leaving);
    this.#forget(eventId);
    if (outcome === 'read_again') this.readSoon();
  }

  #freeShare(eventId: string): void {
    this.#memory.freeShare(eventId);
    this.#useRoom();
  }

  #forget(eventId: string): void {
    this.#memory.forget(eventId);
    this.#useRoom();
  }

  /** Reads more events when there is room in memory again. */
  #useRoom(): void {
    if (this.#memory.takeSpaceAgain()) this.readSoon();
    if (this.#memory.takeRoomAgain()) this.takeSoon();
  }

  async #readOwn(): Promise<void> {
    for await (const events of ownEvents(this.#deps.db, this.#lease.id, this.#memory)) {
      if (!this.#mayAct()) return;
      this.add(events);
    }
  }

  async #takeOrphans(): Promise<void> {
    if (!this.#isSteady()) return;
    const { events, more } = await this.#orphans.take();
    if (!this.#isSteady()) return;
    this.add(events);
    if (more) this.takeSoon();
  }

  #mayAct(): boolean {
    return !this.#stopped && this.#lease.isFresh(performance.now());
  }

  #isSteady(): boolean {
    return !this.#stopped && this.#lease.isSteady(performance.now());
  }
}
