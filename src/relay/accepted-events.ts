// Picks the new events out of an accepted request and adds what their first attempts need.
// Ingest calls it after its commit. Duplicates and conflicts are left out.
import type { Accepted, AcceptRequest } from '#db/events/accept';
import type { OwnedEvent } from '#db/events/outbox';

export function acceptedEvents({ tenant, events }: AcceptRequest, accepted: Accepted | undefined): OwnedEvent[] {
  const tenantId = accepted?.tenantId;
  if (!tenantId) return [];
  const { acceptances, acceptedAtUs, endpointsVersion } = accepted;
  const nowMs = performance.now();
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
      version: event.version,
      expiresAt: event.expiresAt === null ? null : new Date(event.expiresAt),
      special: event.deliverAt !== null || event.onlyEndpointId !== null,
      acceptedAtUs,
      endpointsVersion,
      mayBeBegun: false,
      acceptedHereMs: nowMs,
      trace: event.trace ?? null,
    }));
}
