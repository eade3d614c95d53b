// Explains an event for each endpoint of its tenant, from stored rows alone.
import { type AuditActor, type AuditView, actorOfStored } from '#domain/access/audit';
import { coalescedMessage, type DeliveryStatus } from '#domain/deliveries/delivery';
import { type Mismatch, mismatchOf } from '#domain/events/matching';
import { asksForContent, type Content } from '#domain/events/subscription';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { explain } from '#domain/views/explain';
import type { CancelledBy, ExplainedDelivery, Explanation } from '#domain/views/explanation';
import { type EndpointPage, type EndpointThen, endpointsThen } from '../endpoints/endpoint-history.ts';
import type { Db } from '../store/pool.ts';
import { scopedTenant } from '../store/tenant-scope.ts';
import { nextAttemptsOf } from './held-until.ts';

export interface EventToExplain {
  /** Internal. */
  eventId: string;
  tenantId: string;
  type: string;
  channels: string[];
  onlyEndpoint: string | null;
  /** Reads the content, for filters. */
  content(): Promise<Content>;
  expiresAt: Date | null;
  erasedAt: Date | null;
  recalledAt: Date | null;
}

export interface Matched {
  endpoint: EndpointThen;
  deliveryId: string;
  delivery: ExplainedDelivery | null;
  /** If there is no delivery: why; null: the event is to be planned for it. */
  mismatch: Mismatch | null;
}

/** The tenant's endpoints, in the order of ids: the delivery of each, or why it has none. */
export async function readMatches(db: Db, event: EventToExplain, page: EndpointPage): Promise<Matched[]> {
  const endpoints = await endpointsThen(db, event.tenantId, event.eventId, page);
  const deliveries = await readDeliveries(
    db,
    endpoints.map(({ endpointId }) => deliveryId(event.eventId, endpointId)),
  );
  const waits = deliveries.size < endpoints.length && (await waitsForPlan(db, event.eventId));
  const asks = endpoints.some((one) => one.subscriptions.some((subscription) => asksForContent(subscription, event)));
  const addressed = { ...event, content: asks ? await event.content() : null };
  return endpoints.map((endpoint) => {
    const id = deliveryId(event.eventId, endpoint.endpointId);
    const delivery = deliveries.get(id) ?? null;
    return { endpoint, deliveryId: id, delivery, mismatch: delivery ? null : mismatchOf(addressed, endpoint, waits) };
  });
}

export async function explainEvent(db: Db, event: EventToExplain, page: EndpointPage): Promise<Explanation[]> {
  const matches = await readMatches(db, event, page);
  const cancelled = matches.flatMap(({ delivery }) => (delivery?.status === 'cancelled' && !delivery.coalesced ? [delivery] : []));
  const cancelledBy = await readCancels(db, cancelled);
  const now = new Date();
  return matches.map(({ endpoint, delivery, mismatch }) =>
    explain({ event, endpoint, delivery, mismatch, cancelledBy: cancelledBy.get(delivery?.id ?? '') ?? null, now }),
  );
}

async function waitsForPlan(db: Db, eventId: string): Promise<boolean> {
  const { rows } = await db.query<{ waits: boolean }>({
    name: 'waits_for_plan',
    text: 'select waits_for_plan($1) as waits',
    values: [uuidOf(eventId)],
  });
  return rows[0]?.waits ?? false;
}

interface Row {
  id: string;
  endpoint_id: string;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  hurried: boolean;
  next_attempt_at: Date | null;
  last_outcome: string | null;
  last_message: string | null;
  updated_at: Date;
  taken_at: Date | null;
}

async function readDeliveries(db: Db, ids: string[]): Promise<Map<string, ExplainedDelivery>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<Row>({
    // not prepared by name, so that the ids select the partition
    text: `
      select id, endpoint_id, status, round, attempts, hurried, next_attempt_at, last_outcome, last_message, updated_at, taken_at
      from deliveries where id = any($1::uuid[])`,
    values: [ids.map(uuidOf)],
  });
  const nextAttempt = await nextAttemptsOf(db, rows);
  return new Map(rows.map((row) => [idOf('dlv', row.id), toDelivery(row, nextAttempt(row))]));
}

function toDelivery(row: Row, nextAttemptAt: Date | null): ExplainedDelivery {
  const { status, round, attempts, last_outcome: lastOutcome, last_message: lastMessage } = row;
  const coalesced = status === 'cancelled' && lastMessage === coalescedMessage;
  return {
    ...{ id: idOf('dlv', row.id), status, round, attempts, nextAttemptAt, lastOutcome, lastMessage, coalesced },
    updatedAt: row.updated_at,
    takenAt: row.taken_at,
  };
}

/**
 * Who cancelled each of these deliveries, by the audit log: the entry is written in the transaction of the change. Those
 * that the deletion of an endpoint, an erasure or a recall cancelled have no entry of their own.
 */
async function readCancels(db: Db, deliveries: ExplainedDelivery[]): Promise<Map<string, CancelledBy>> {
  if (deliveries.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; kind: AuditActor['kind']; actor: string | null; at: Date }>({
    name: 'cancels_of_deliveries',
    text: `
      select c.id, l.actor_kind as kind, l.actor_id as actor, l.at
      from unnest($1::text[], $2::timestamptz[]) as c (id, at)
      cross join lateral (
        select actor_kind, actor_id, at from posthorn_audit.audit_log
        where at >= c.at and at < c.at + interval '1 minute' and action = 'delivery.cancel' and target_id = c.id
        order by at limit 1
      ) l`,
    values: [deliveries.map(({ id }) => id), deliveries.map(({ updatedAt }) => updatedAt)],
  });
  // who signed in is nothing for the consumers of a tenant
  const shown = ({ kind, id, name }: AuditView['actor']) => ({ kind, id, ...(name !== undefined && scopedTenant() === null && { name }) });
  return new Map(rows.map(({ id, kind, actor, at }) => [id, { actor: shown(actorOfStored(kind, actor)), at: at.toISOString() }]));
}
