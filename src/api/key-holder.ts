// What a caller may give away: keys and links of its own tenant, with no scope that it lacks itself.
import type { Db } from '../db/pool.ts';
import { readTenant } from '../db/tenants.ts';
import { type Caller, may, type Scope } from '../domain/access.ts';
import { invalid, notFound } from './problem.ts';

/** The tenant that is meant: the one named, or the caller's own. Null: all of them. Throws a 404 where it is unknown, or not the caller's. */
export async function tenantMeant(db: Db, { tenant: own }: Caller, named: string | undefined): Promise<{ id: string; key: string } | null> {
  if (own) {
    if (named !== undefined && named !== own.key) throw notFound('tenant');
    return own;
  }
  if (named === undefined) return null;
  const found = await readTenant(db, named);
  if (!found) throw notFound('tenant');
  return { id: found.id, key: named };
}

/** Throws a 422 that names the first scope which the caller has not. */
export function refuseMore(caller: Caller, scopes: Scope[]): void {
  const more = scopes.find((scope) => !may(caller, scope));
  if (more) throw invalid([{ path: 'scopes', message: `must not hold ${more}, which this key has not itself` }]);
}
