// Ingest: accepts events by group commit - requests arriving together share one statement - and hands what was committed to this process's relay.
// Of a tenant that orders, both its answer and its relay wait until what it has for ordered endpoints is held.

import { type Accepted, type AcceptRequest, acceptEvents } from '#db/events/accept';
import type { Acceptance, EventToAccept } from '#db/events/acceptance';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { isWithoutPartition, StoreOverloaded } from '#db/store/errors';
import { createGroupCommit } from '#db/store/group-commit';
import { makePartitions } from '#db/store/partitions';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { IngestMetrics } from '#telemetry/telemetry';
import { acceptedEvents } from './accepted-events.ts';
import { type Backlog, TooManyWaiting } from './backlog.ts';
import { createOrderedParking } from './ordered-parking.ts';
import type { Parking } from './parking.ts';
import type { Relay } from './relay.ts';

const maxGroupBytes = 4 * 1024 * 1024;
const maxWaitingBytes = 64 * 1024 * 1024;
/** What an event weighs at least: 256 small ones make a group. */
const leastBytes = maxGroupBytes / 256;

/**
 * Resolves once the events are committed, one acceptance each in their order; nothing is stored for an unknown tenant (external id). Throws TooManyWaiting
 * when no more may wait.
 */
export type Accept = (tenant: string, events: EventToAccept[], tenantId?: string) => Promise<Acceptance[] | 'unknown_tenant'>;

export interface IngestDeps {
  db: Db;
  contents: ContentEncryption;
  /** Undefined: this process has no relay, and rows go to nobody. */
  relay: Pick<Relay, 'expect' | 'settle'> | undefined;
  /** Undefined: as many as there are may wait. */
  backlog?: Backlog;
  parking: Pick<Parking, 'hold'>;
  metrics?: IngestMetrics;
  reached?: Reached;
}

/** `relayId`: whose the events are. */
type Committed = Accepted & { relayId: string | null };

export function createIngest({ db, contents, relay, backlog, parking, metrics, reached }: IngestDeps): Accept {
  const ordered = createOrderedParking(db, parking);
  const commits = createGroupCommit<AcceptRequest, Committed>({
    write: commit,
    weigh,
    maxWeight: maxGroupBytes,
    maxWaiting: maxWaitingBytes,
  });

  async function commit(requests: AcceptRequest[]): Promise<Committed[]> {
    // before the commit: the relay may read the outbox before the answer to the commit is here
    const relayId = relay?.expect(eventIdsOf(requests)) ?? null;
    try {
      const accepted = await withPartitions(() => acceptEvents(db, requests, relayId, contents));
      await reached?.('event committed');
      for (const [index, request] of requests.entries()) if (!accepted[index]?.orders) settle(relayId, request, accepted[index]);
      return accepted.map((one) => ({ ...one, relayId }));
    } catch (error) {
      if (relayId !== null) relay?.settle(relayId, eventIdsOf(requests), []);
      throw error;
    }
  }

  function settle(
    relayId: string | null,
    request: AcceptRequest,
    accepted: Accepted | undefined,
    owned = acceptedEvents(request, accepted),
  ): void {
    if (relayId !== null) relay?.settle(relayId, eventIdsOf([request]), owned);
  }

  /** Rejects when the store is away: nothing is confirmed then, and the relay holds what is not held. */
  async function holdOrdered(request: AcceptRequest, committed: Committed): Promise<void> {
    const events = acceptedEvents(request, committed);
    try {
      await ordered.hold(request, committed, events);
    } finally {
      settle(committed.relayId, request, committed, events);
    }
  }

  async function withPartitions<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!isWithoutPartition(error)) throw error;
      await makePartitions(db);
      return write();
    }
  }

  return async (tenant, events, tenantId) => {
    let settle: ((stored: number) => void) | undefined;
    let stored = 0;
    try {
      settle = backlog?.admit(tenant, events.length);
      const committed = await commits.add({ tenant, tenantId, events });
      const { tenantId: found, acceptances, orders } = committed;
      stored = acceptances.filter(({ kind }) => kind === 'accepted').length;
      if (metrics) tell(metrics, acceptances);
      if (orders) await holdOrdered({ tenant, events }, committed);
      return found === null ? 'unknown_tenant' : acceptances;
    } catch (error) {
      if (error instanceof TooManyWaiting) metrics?.refused(error.scope, events.length);
      if (error instanceof StoreOverloaded) metrics?.refused('overloaded', events.length);
      throw error;
    } finally {
      settle?.(stored);
    }
  };
}

function tell(metrics: IngestMetrics, acceptances: Acceptance[]): void {
  for (const { kind } of acceptances) {
    if (kind === 'conflict') metrics.refused('conflict', 1);
    else metrics[kind]();
  }
}

function eventIdsOf(requests: AcceptRequest[]): string[] {
  return requests.flatMap(({ events }) => events.map(({ eventId }) => eventId));
}

function weigh({ events }: AcceptRequest): number {
  return events.reduce((sum, { body }) => sum + Math.max(body.length, leastBytes), 0);
}
