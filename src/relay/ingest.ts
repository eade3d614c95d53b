// Ingest: accepts events by group commit - requests arriving together share one statement - and hands what was committed to this process's relay.
import type { Reached } from '../checkpoints.ts';
import { type Acceptance, type Accepted, type AcceptRequest, acceptEvents, type EventToAccept } from '../db/accept.ts';
import { isWithoutPartition } from '../db/errors.ts';
import { createGroupCommit } from '../db/group-commit.ts';
import type { OwnedEvent } from '../db/outbox.ts';
import { makePartitions } from '../db/partitions.ts';
import type { Db } from '../db/pool.ts';
import type { Backlog } from './backlog.ts';
import type { Relay } from './relay.ts';

const maxGroupBytes = 4 * 1024 * 1024;
const maxWaitingBytes = 64 * 1024 * 1024;
/** What an event weighs at least: 256 small ones make a group. */
const leastBytes = maxGroupBytes / 256;

/**
 * Resolves once the events are committed, one acceptance each in their order; nothing is stored for an unknown tenant (external id). Throws TooManyWaiting
 * when no more may wait.
 */
export type Accept = (tenant: string, events: EventToAccept[]) => Promise<Acceptance[] | 'unknown_tenant'>;

export interface IngestDeps {
  db: Db;
  /** Undefined: this process has no relay, and rows go to nobody. */
  relay: Pick<Relay, 'id' | 'offer'> | undefined;
  /** Undefined: as many as there are may wait. */
  backlog?: Backlog;
  reached?: Reached;
}

export function createIngest({ db, relay, backlog, reached }: IngestDeps): Accept {
  const commits = createGroupCommit<AcceptRequest, Accepted>({
    write: commit,
    weigh,
    maxWeight: maxGroupBytes,
    maxWaiting: maxWaitingBytes,
  });

  async function commit(requests: AcceptRequest[]): Promise<Accepted[]> {
    const relayId = relay?.id() ?? null;
    const accepted = await withPartitions(() => acceptEvents(db, requests, relayId));
    await reached?.('event committed');
    if (relayId !== null)
      relay?.offer(
        relayId,
        requests.flatMap((request, index) => ownedEvents(request, accepted[index])),
      );
    return accepted;
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

  return async (tenant, events) => {
    const settle = backlog?.admit(tenant, events.length);
    let stored = 0;
    try {
      const { tenantId, acceptances } = await commits.add({ tenant, events });
      stored = acceptances.filter(({ kind }) => kind === 'accepted').length;
      return tenantId === null ? 'unknown_tenant' : acceptances;
    } finally {
      settle?.(stored);
    }
  };
}

function weigh({ events }: AcceptRequest): number {
  return events.reduce((sum, { body }) => sum + Math.max(body.length, leastBytes), 0);
}

function ownedEvents({ tenant, events }: AcceptRequest, accepted: Accepted | undefined): OwnedEvent[] {
  const tenantId = accepted?.tenantId;
  if (!tenantId) return [];
  const { acceptances, acceptedAtUs, endpointsVersion } = accepted;
  return events
    .filter((event, index) => acceptances[index]?.kind === 'accepted' && acceptances[index].id === event.eventId)
    .map((event) => ({
      eventId: event.eventId,
      tenantId,
      tenant,
      eventType: event.type,
      externalId: event.externalId,
      channels: event.channels,
      body: event.body,
      expiresAt: event.expiresAt === null ? null : new Date(event.expiresAt),
      special: event.deliverAt !== null || event.onlyEndpointId !== null,
      acceptedAtUs,
      endpointsVersion,
      seconds: false,
    }));
}
