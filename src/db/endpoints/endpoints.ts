// Endpoints and their settings. Every change takes a new `version`, so that caches notice it.
import { withoutSecrets } from '#domain/access/audit';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import type { Signing } from '#domain/endpoints/signing';
import { unverified, type VerificationMethod } from '#domain/endpoints/verification';
import type { BodyFormat } from '#domain/events/body-format';
import { idOf, uuidOf } from '#domain/ids';
import type { Batch, OnDeadLetter, Ordering, RateLimit } from '#domain/lanes/lane-settings';
import type { SealedTarget } from '#sealing/endpoint-target-encryption';
import type { SealedShape } from '#sealing/shape';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { refuseTooMany } from './endpoint-limits.ts';
import { type EndpointRow, endpointColumns, type StoredEndpoint, toEndpoint } from './endpoint-row.ts';
import type { SealedSecret } from './secrets.ts';
import { setShape } from './shapes.ts';

export interface EndpointSettings {
  eventTypes: string[];
  channels: string[];
  /** JSON; null: none. */
  filter: string | null;
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

/** Of an endpoint that is made without any. */
export const usualSettings: EndpointSettings = {
  eventTypes: [],
  channels: [],
  filter: null,
  description: '',
  format: 'standard',
  signing: null,
  maxInFlight: null,
  retry: null,
  timeoutMs: 15_000,
  metadata: {},
  rateLimit: null,
  ordering: 'none',
  onDeadLetter: 'skip',
  batch: null,
  coalesceMs: null,
  autoRecover: true,
};

export interface EndpointToCreate {
  endpointId: string;
  tenant: string;
  settings: EndpointSettings;
  target: SealedTarget;
  secret: SealedSecret;
  /** Makes what changes the bodies of its deliveries, in the transaction of the endpoint; null or left out: they are not changed. */
  shapeWith?: ((db: Pick<Db, 'query'>) => Promise<SealedShape | null>) | undefined;
  /** Default: `none`. Otherwise nothing is sent until the endpoint is verified. */
  verification?: VerificationMethod;
  /** How many endpoints the tenant may have at this host, including this one; null or left out: no limit. */
  mostAtHost?: number | null;
}

/**
 * Creates an endpoint and returns it with its stored secret. Null: no such tenant. Throws TooManyEndpoints. Run twice
 * with the same `endpointId`: the second run returns what the first created.
 */
export async function createEndpoint(
  db: Db,
  made: EndpointToCreate,
  audit?: Audit,
): Promise<{ endpoint: StoredEndpoint; secret: SealedSecret } | null> {
  const { endpointId, secret, tenant, settings, target, shapeWith, verification = 'none', mostAtHost = null } = made;
  const isNew = await inTransaction(db, async (client) => {
    // first, because it may wait for a lock whose holder waits for the tenant
    const shape = (await shapeWith?.(client)) ?? null;
    await refuseTooMany(client, { endpointId, tenant, target, isNew: true, mostAtHost });
    if (!(await insertEndpoint(client, made))) return false;
    if (shape) await setShape(client, endpointId, shape);
    const after = withoutSecrets({ ...settings, verification });
    if (audit) await appendAudit(client, audit, { target: { kind: 'endpoint', id: endpointId }, before: null, after });
    return true;
  });
  const endpoint = await readEndpoint(db, endpointId);
  if (!endpoint) return null;
  return { endpoint, secret: isNew ? secret : ((await firstSecret(db, endpointId)) ?? secret) };
}

/** False: it exists already, or there is no such tenant. */
async function insertEndpoint(db: Pick<Db, 'query'>, made: EndpointToCreate): Promise<boolean> {
  const { endpointId, tenant, settings, target, secret, verification = 'none' } = made;
  const { rowCount } = await db.query({
    name: 'create_endpoint',
    text: `
      with owner as (
        select id from tenants where external_id = $2 and deleted_at is null for no key update
      ), made as (
        insert into endpoints (id, tenant_id, event_types, channels, description, format, signing, max_in_flight, retry, timeout_ms, metadata,
          rate_limit, ordering, on_dead_letter, batch, coalesce_ms, auto_recover, sealed, host, tls_expires_at,
          token_host, filter, verification, verification_state, verification_due_at, verification_asked_at, gate, gate_reason)
        select $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $14, $15, $16, $17, $18, $19, $20, $21, $22, $24, $25, $23::text, v.* from owner,
          lateral (
            select 'none', null::timestamptz, null::timestamptz, 'open', null where $23::text = 'none'
            union all select 'pending', now() + interval '10 seconds', now(), 'held', '${unverified}' where $23::text <> 'none'
          ) v
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
      target.tlsExpiresAt ?? null,
      verification,
      target.tokenHost ?? null,
      settings.filter,
    ],
  });
  return rowCount === 1;
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

/** For a change in the same transaction. */
export async function lockEndpoint(db: Pick<Db, 'query'>, endpointId: string): Promise<StoredEndpoint | null> {
  const { rows } = await db.query<EndpointRow>({
    name: 'lock_endpoint',
    text: `
      select ${endpointColumns} from endpoints p join tenants t on t.id = p.tenant_id
      where p.id = $1 and p.deleted_at is null for no key update of p`,
    values: [uuidOf(endpointId)],
  });
  return rows[0] ? toEndpoint(rows[0]) : null;
}

/** Those of these endpoints that exist, by id. */
export async function readEndpoints(db: Pick<Db, 'query'>, endpointIds: string[]): Promise<Map<string, StoredEndpoint>> {
  const { rows } = await db.query<EndpointRow>({
    name: 'read_endpoints',
    text: `
      select ${endpointColumns}
      from endpoints p join tenants t on t.id = p.tenant_id
      where p.id = any($1::uuid[]) and p.deleted_at is null`,
    values: [endpointIds.map(uuidOf)],
  });
  return new Map(rows.map(toEndpoint).map((endpoint) => [endpoint.id, endpoint]));
}

/** Endpoints older than `before`, newest first. */
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
