// Accepts events by group commit: requests that arrive together share one statement. The API calls
// it. Committed events go to this process's relay; if the process crashes, their outbox rows
// remain. For tenants with ordered endpoints, both wait until the ordered deliveries are parked.

import { type Accepted, type AcceptRequest, acceptEvents } from '#db/events/accept';
import type { Acceptance, EventToAccept } from '#db/events/acceptance';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { isWithoutPartition, StoreOverloaded } from '#db/store/errors';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import { makePartitions } from '#db/store/partitions';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { IngestMetrics } from '#telemetry/relay-metrics';
import { acceptedEvents } from './accepted-events.ts';
import { type Backlog, TooManyWaiting } from './backlog.ts';
import { createOrderedParking, type OrderedParking } from './ordered-parking.ts';
import type { Parking } from './parking.ts';
import type { Relay } from './relay.ts';

const maxGroupBytes = 4 * 1024 * 1024;
const maxWaitingBytes = 64 * 1024 * 1024;
/** The minimum weight of an event, so that at most 256 small ones form a group. */
const minEventBytes = maxGroupBytes / 256;

/**
 * Resolves once the events are committed, with one acceptance for each, in their order. `tenant` is an external id;
 * nothing is stored for an unknown one. Throws TooManyWaiting at the limit of waiting events, StoreOverloaded when the
 * store is too slow.
 */
export type Accept = (tenant: string, events: EventToAccept[], tenantId?: string) => Promise<Acceptance[] | 'unknown_tenant'>;

export interface IngestDeps {
  db: Db;
  contents: ContentEncryption;
  /** Undefined: this process has no relay, and the outbox rows have no owner. */
  relay: Pick<Relay, 'expect' | 'takeCommitted'> | undefined;
  /** Undefined: no limit of waiting events. */
  backlog?: Backlog;
  parking: Pick<Parking, 'hold'>;
  metrics?: IngestMetrics;
  reached?: Reached;
}

/** `relayId`: the relay that owns the events. */
type Committed = Accepted & { relayId: string | null };

export function createIngest(deps: IngestDeps): Accept {
  const ingest = new Ingest(deps);
  return (tenant, events, tenantId) => ingest.accept(tenant, events, tenantId);
}

class Ingest {
  readonly #deps: IngestDeps;
  readonly #ordered: OrderedParking;
  readonly #commits: GroupCommit<AcceptRequest, Committed>;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#ordered = createOrderedParking(deps.db, deps.parking);
    this.#commits = createGroupCommit<AcceptRequest, Committed>({
      write: (requests) => this.#commit(requests),
      weigh,
      maxWeight: maxGroupBytes,
      maxWaiting: maxWaitingBytes,
    });
  }

  async accept(...[tenant, events, tenantId]: Parameters<Accept>): Promise<Acceptance[] | 'unknown_tenant'> {
    const { backlog, metrics } = this.#deps;
    let countStored: ((stored: number) => void) | undefined;
    let stored = 0;
    try {
      countStored = backlog?.admit(tenant, events.length);
      const committed = await this.#commits.add({ tenant, tenantId, events });
      const { tenantId: found, acceptances, hasOrderedEndpoints } = committed;
      stored = acceptances.filter(({ kind }) => kind === 'accepted').length;
      if (metrics) countAcceptances(metrics, acceptances);
      if (hasOrderedEndpoints) await this.#holdOrdered({ tenant, events }, committed);
      return found === null ? 'unknown_tenant' : acceptances;
    } catch (error) {
      if (error instanceof TooManyWaiting) metrics?.refused(error.scope, events.length);
      if (error instanceof StoreOverloaded) metrics?.refused('overloaded', events.length);
      throw error;
    } finally {
      countStored?.(stored);
    }
  }

  async #commit(requests: AcceptRequest[]): Promise<Committed[]> {
    const { db, contents, relay, reached } = this.#deps;
    // before the commit, because the relay may read the new outbox rows before the commit is answered
    const relayId = relay?.expect(eventIdsOf(requests)) ?? null;
    try {
      const accepted = await withPartitions(db, () => acceptEvents(db, requests, relayId, contents));
      await reached?.('event committed');
      for (const [index, request] of requests.entries())
        if (!accepted[index]?.hasOrderedEndpoints) this.#passOn(relayId, request, accepted[index]);
      return accepted.map((one) => ({ ...one, relayId }));
    } catch (error) {
      if (relayId !== null) relay?.takeCommitted(relayId, eventIdsOf(requests), []);
      throw error;
    }
  }

  /** Passes the new events on to the relay. */
  #passOn(relayId: string | null, request: AcceptRequest, accepted: Accepted | undefined, owned = acceptedEvents(request, accepted)): void {
    if (relayId !== null) this.#deps.relay?.takeCommitted(relayId, eventIdsOf([request]), owned);
  }

  /** Rejects when PostgreSQL is away. The request is not confirmed then, and the relay parks the missing deliveries. */
  async #holdOrdered(request: AcceptRequest, committed: Committed): Promise<void> {
    const events = acceptedEvents(request, committed);
    try {
      await this.#ordered.hold(request, committed, events);
    } finally {
      this.#passOn(committed.relayId, request, committed, events);
    }
  }
}

async function withPartitions<T>(db: Db, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isWithoutPartition(error)) throw error;
    await makePartitions(db);
    return write();
  }
}

function countAcceptances(metrics: IngestMetrics, acceptances: Acceptance[]): void {
  for (const { kind } of acceptances) {
    if (kind === 'conflict') metrics.refused('conflict', 1);
    else metrics[kind]();
  }
}

function eventIdsOf(requests: AcceptRequest[]): string[] {
  return requests.flatMap(({ events }) => events.map(({ eventId }) => eventId));
}

function weigh({ events }: AcceptRequest): number {
  return events.reduce((sum, { body }) => sum + Math.max(body.length, minEventBytes), 0);
}
