// What is about to expire: client certificates, rotated signing secrets, and API keys.
import type { Expiring } from '#domain/alerts/engine-conditions';
import { idOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { mostChecked } from './endpoint-checks.ts';

/** Of `endpoints`, `endpoint_secrets` and `api_keys`: it expires soon. A key that was made for less than a day was meant to expire. */
export const expiring = {
  certificate: `tls_expires_at <= now() + interval '30 days' and deleted_at is null`,
  secret: `valid_to > now() and valid_to <= now() + interval '1 day'`,
  key: `revoked_at is null and expires_at > now() and expires_at <= now() + interval '7 days' and expires_at > created_at + interval '1 day'`,
};

const prefixes = { certificate: 'ep', secret: 'sec', key: 'key' } as const;

/**
 * Certificates 30 days, secrets a day, and keys 7 days before. What has expired is left out, except certificates, because
 * the requests with them fail.
 */
export async function readExpiring(db: Db): Promise<Expiring[]> {
  const { rows } = await db.query<{
    what: Expiring['what'];
    id: string;
    tenant_id: string | null;
    endpoint_id: string | null;
    host: string | null;
    description: string | null;
    name: string | null;
    prefix: string | null;
    expires_at: Date;
  }>({
    name: 'alerts_expiring',
    text: `
      (select 'certificate' as what, id, tenant_id, id as endpoint_id, host, description, null as name, null as prefix, tls_expires_at as expires_at
        from endpoints where ${expiring.certificate} order by tls_expires_at limit ${mostChecked})
      union all
      (select 'secret', s.id, p.tenant_id, p.id, p.host, p.description, null, null, s.valid_to
        from endpoint_secrets s join endpoints p on p.id = s.endpoint_id and p.deleted_at is null
        where ${expiring.secret} order by s.valid_to limit ${mostChecked})
      union all
      (select 'key', id, tenant_id, null, null, null, name, prefix, expires_at
        from api_keys where ${expiring.key}
        order by expires_at limit ${mostChecked})`,
  });
  return rows.map((row) => ({
    what: row.what,
    id: idOf(prefixes[row.what], row.id),
    tenantId: row.tenant_id,
    endpointId: row.endpoint_id,
    host: row.host,
    description: row.description,
    name: row.name,
    prefix: row.prefix,
    expiresAt: row.expires_at,
  }));
}
