// A tenant's rate limit over all its lanes: one token bucket in one row, from which drains take
// tokens for the next moments.
import { uuidOf } from '#domain/ids';
import type { RateLimit } from '#domain/lanes/lane-settings';
import { defaultBurst } from '#domain/lanes/token-bucket';
import type { Db } from '../store/pool.ts';

/**
 * Takes up to `wanted` tokens and returns how many: so many requests may be sent now. A new bucket is empty. It holds
 * the tokens of 20 ms above its burst, for drains that come a little late.
 */
export async function takeTenantTokens(db: Db, tenantId: string, { perSecond, burst }: RateLimit, wanted: number): Promise<number> {
  const { rows } = await db.query<{ granted: number }>({
    name: 'take_tenant_tokens',
    text: `
      with made as (
        insert into tenant_rates (tenant_id, tokens, at) values ($1, 0, clock_timestamp()) on conflict do nothing
      ), filled as (
        select least($3::float8 + $2::float8 / 50, tokens + greatest(extract(epoch from clock_timestamp() - at), 0)::float8 * $2) as tokens, clock_timestamp() as at
        from tenant_rates where tenant_id = $1 for update
      )
      update tenant_rates r set tokens = f.tokens - least($4::float8, floor(f.tokens + 1e-9)), at = f.at
      from filled f where r.tenant_id = $1
      returning least($4::float8, floor(f.tokens + 1e-9))::int as granted`,
    values: [uuidOf(tenantId), perSecond, burst ?? defaultBurst(perSecond), wanted],
  });
  return rows[0]?.granted ?? 0;
}
