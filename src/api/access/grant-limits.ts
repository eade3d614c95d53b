// What a caller may give away: keys and links of its own tenant, with no scope that it lacks itself, and held by whatever holds it.

import { readTenant } from '#db/access/tenants';
import type { Db } from '#db/store/pool';
import { type Caller, may, type Scope } from '#domain/access';
import type { ApiRate } from '#domain/api-rate';
import { type FieldError, invalid, notFound } from '../http/problem.ts';
import { liesWithin } from './client-address.ts';

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

export interface Wanted {
  /** As ISO 8601; null: it does not expire. */
  expiresAt: string | null;
  /** None: from anywhere. */
  cidrs: string[];
  rateLimit: ApiRate | null;
}

/** What a new key is held by: what is asked for, else what its maker is held by itself. Throws a 422 where more is asked for than that. */
export function withinBounds({ bounds }: Caller, asked: Partial<Wanted>): Wanted {
  const { expiresAt = null, rateLimit = null, cidrs = [] } = asked;
  if (!bounds) return { expiresAt, rateLimit, cidrs };
  const { expiresAtMs, mostRate } = bounds;
  const problems: FieldError[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message });
  if (expiresAtMs !== null && expiresAt !== null && Date.parse(expiresAt) > expiresAtMs)
    refuse('expiresAt', `must not lie behind ${new Date(expiresAtMs).toISOString()}, when this key expires itself`);
  const outside = bounds.cidrs.length > 0 ? cidrs.find((cidr) => !liesWithin(cidr, bounds.cidrs)) : undefined;
  if (outside !== undefined) refuse('cidrs', `must not hold ${outside}, from where this key may not call itself`);
  if (mostRate && rateLimit && isMore(rateLimit, mostRate)) refuse('rateLimit', 'must not be more than the rate of this key itself');
  if (problems.length > 0) throw invalid(problems);
  return {
    expiresAt: expiresAt ?? (expiresAtMs === null ? null : new Date(expiresAtMs).toISOString()),
    cidrs: cidrs.length > 0 ? cidrs : [...bounds.cidrs],
    rateLimit: rateLimit ?? bounds.rateLimit,
  };
}

function isMore(asked: ApiRate, most: ApiRate): boolean {
  return asked.perSecond > most.perSecond || (asked.burst ?? asked.perSecond) > (most.burst ?? most.perSecond);
}

/** When a new link ends: after `askedMs`, or `usualMs` unless its maker ends before. Throws a 422 where it is to outlive its maker. */
export function linkEnd({ bounds }: Caller, askedMs: number | undefined, usualMs: number): Date {
  const [nowMs, most] = [Date.now(), bounds?.expiresAtMs ?? Number.POSITIVE_INFINITY];
  if (askedMs !== undefined && nowMs + askedMs > most)
    throw invalid([{ path: 'expiresIn', message: `must not reach behind ${new Date(most).toISOString()}, when this key expires itself` }]);
  return new Date(Math.floor(Math.min(nowMs + (askedMs ?? usualMs), most) / 1_000) * 1_000);
}
