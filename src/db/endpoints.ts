// Endpoints and their settings. Every change takes a new `version`, by which caches elsewhere learn of it.
import { withoutSecrets } from '../domain/audit.ts';
import type { BodyFormat } from '../domain/body-format.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { idOf, uuidOf } from '../domain/ids.ts';
import type { Batch, OnDeadLetter, Ordering, RateLimit } from '../domain/lane-settings.ts';
import type { RetryPolicy } from '../domain/retry-schedule.ts';
import type { Signing } from '../domain/signing.ts';
import type { SealedTarget } from '../target.ts';
import { type Audit, type Audited, audited } from './audit.ts';
import type { Db } from './pool.ts';
import type { SealedSecret } from './secrets.ts';

/** An endpoint as it is stored: what leads to it and opens it is sealed. */
export interface StoredEndpoint extends Omit<Endpoint, 'url' | 'headers' | 'auth'> {
  sealed: Buffer;
}

export interface EndpointSettings {
  eventTypes: string[];
  channels: string[];
  description: string;
  format: BodyFormat;
  signing: Signing | null;
  maxInFlight: number | null;
  retry: RetryPolicy | null;
  timeoutMs: number;
  metadata: Record<string, string>;
  rateLimit: RateLimit | null;
  ordering: Ordering;
  onDeadLetter: OnDeadLetter;
  batch: Batch | null;
  coalesceMs: number | null;
  autoRecover: boolean;
}

export interface EndpointToCreate {
  endpointId: string;
  tenant: string;
  settings: EndpointSettings;
  target: SealedTarget;
  secret: SealedSecret;
}

export interface EndpointRow {
  id: string;
  tenant: string;
  sealed: Buffer;
  event_types: string[];
  channels: string[];
  description: string;
  format: BodyFormat;
  signing: Signing | null;
  public_keys: string[] | null;
  max_in_flight: number | null;
  retry: RetryPolicy | null;
  timeout_ms: number;
  metadata: Record<string, string>;
  rate_limit: RateLimit | null;
  ordering: Ordering;
  on_dead_letter: OnDeadLetter;
  batch: Batch | null;
  coalesce_ms: number | null;
  auto_recover: boolean;
  gate: Endpoint['gate'];
  gate_reason: string | null;
  not_before: Date | null;
  created_at: Date;
  updated_at: Date;
}

/**
 * Null: no such tenant. The secret that comes back is the one that is stored.
 * What if it runs twice with the same `endpointId`? The second reads what the first made.
 */
export async function createEndpoint(
  db: Db,
  made: EndpointToCreate,
  audit?: Audit,
): Promise<{ endpoint: StoredEndpoint; secret: SealedSecret } | null> {
  const { endpointId, secret } = made;
  const isNew = await audited(db, audit, (client) => insertEndpoint(client, made));
  const endpoint = await readEndpoint(db, endpointId);
  if (!endpoint) return null;
  return { endpoint, secret: isNew ? secret : ((await firstSecret(db, endpointId)) ?? secret) };
}

async function insertEndpoint(db: Pick<Db, 'query'>, made: EndpointToCreate): Promise<Audited<boolean>> {
  const { endpointId, tenant, settings, target, secret } = made;
  const { rowCount } = await db.query({
    name: 'create_endpoint',
    text: `
      with owner as (
        select id from tenants where external_id = $2 and deleted_at is null for no key update
      ), made as (
        insert into endpoints (id, tenant_id, event_types, channels, description, format, signing, max_in_flight, retry, timeout_ms, metadata,
          rate_limit, ordering, on_dead_letter, batch, coalesce_ms, auto_recover, sealed, host)
        select $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $14, $15, $16, $17, $18, $19, $20, $21 from owner
        on conflict do nothing
        returning id
      )
      insert into endpoint_secrets (id, endpoint_id, sealed) select $12, id, $13 from made`,
    values: [
      uuidOf(endpointId),
      tenant,
      ...settingValues(settings),
      uuidOf(secret.secretId),
      secret.sealed,
      ...laneValues(settings),
      target.sealed,
      target.host,
    ],
  });
  const entry = { target: { kind: 'endpoint', id: endpointId }, before: null, after: withoutSecrets({ ...settings }) };
  return { result: rowCount === 1, entry: rowCount === 1 ? entry : null };
}

export function settingValues(settings: EndpointSettings): unknown[] {
  const { eventTypes, channels, description, format, signing, maxInFlight, retry, timeoutMs, metadata } = settings;
  return [eventTypes, channels, description, format, signing, maxInFlight, retry, timeoutMs, metadata];
}

export function laneValues({ rateLimit, ordering, onDeadLetter, batch, coalesceMs, autoRecover }: EndpointSettings): unknown[] {
  return [rateLimit, ordering, onDeadLetter, batch, coalesceMs, autoRecover];
}

async function firstSecret(db: Db, endpointId: string): Promise<SealedSecret | null> {
  const { rows } = await db.query<{ id: string; sealed: Buffer }>({
    name: 'first_secret',
    text: 'select id, sealed from endpoint_secrets where endpoint_id = $1 order by valid_from, id limit 1',
    values: [uuidOf(endpointId)],
  });
  return rows[0] ? { secretId: idOf('sec', rows[0].id), sealed: rows[0].sealed } : null;
}

export const endpointColumns = `p.id, t.external_id as tenant, p.sealed, p.event_types, p.channels, p.description, p.format, p.signing, public_keys_of(p) as public_keys, p.max_in_flight, p.retry,
  p.timeout_ms, p.metadata, p.rate_limit, p.ordering, p.on_dead_letter, p.batch, p.coalesce_ms, p.auto_recover, p.gate, p.gate_reason, p.not_before,
  p.created_at, p.updated_at`;

export async function readEndpoint(db: Pick<Db, 'query'>, endpointId: string): Promise<StoredEndpoint | null> {
  const { rows } = await db.query<EndpointRow>({
    name: 'read_endpoint',
    text: `
      select ${endpointColumns}
      from endpoints p join tenants t on t.id = p.tenant_id
      where p.id = $1 and p.deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rows[0] ? toEndpoint(rows[0]) : null;
}

/** Newest first, those older than `before`. */
export async function listEndpoints(db: Db, tenantId: string, before: string | null, limit: number): Promise<StoredEndpoint[]> {
  const { rows } = await db.query<EndpointRow>({
    name: 'list_endpoints',
    text: `
      select ${endpointColumns}
      from endpoints p join tenants t on t.id = p.tenant_id
      where p.tenant_id = $1 and p.deleted_at is null and p.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by p.id desc limit $3`,
    values: [uuidOf(tenantId), before && uuidOf(before), limit],
  });
  return rows.map(toEndpoint);
}

export function toEndpoint(row: EndpointRow): StoredEndpoint {
  return {
    id: idOf('ep', row.id),
    tenant: row.tenant,
    sealed: row.sealed,
    eventTypes: row.event_types,
    channels: row.channels,
    description: row.description,
    format: row.format,
    signing: row.signing,
    publicKeys: row.public_keys,
    maxInFlight: row.max_in_flight,
    retry: row.retry,
    timeoutMs: row.timeout_ms,
    metadata: row.metadata,
    rateLimit: row.rate_limit,
    ordering: row.ordering,
    onDeadLetter: row.on_dead_letter,
    batch: row.batch,
    coalesceMs: row.coalesce_ms,
    autoRecover: row.auto_recover,
    gate: row.gate,
    gateReason: row.gate_reason,
    notBefore: row.not_before?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
