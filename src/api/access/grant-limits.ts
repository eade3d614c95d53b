// Limits what a caller can grant with a new key or link: its own tenant, its own scopes, and no
// looser expiry, address range or rate limit than it has itself.

import { readTenant } from '#db/access/tenants';
import type { Db } from '#db/store/pool';
import { type Caller, may, type Scope } from '#domain/access/access';
import type { ApiRate } from '#domain/access/api-rate';
import { type FieldError, invalid, notFound } from '../http/problem.ts';
import { liesWithin } from './client-address.ts';

/**
 * The named tenant, or the caller's own. Null: all tenants. Throws a 404 if it does not exist or is not the caller's.
 */
export async function tenantMeant(db: Db, { tenant: own }: Caller, named: string | undefined): Promise<{ id: string; key: string } | null> {
  if (own) {
    if (named !== undefined && named !== own.key) throw notFound('tenant', 'tenant');
    return own;
  }
  if (named === undefined) return null;
  const found = await readTenant(db, named);
  if (!found) throw notFound('tenant', 'tenant');
  return { id: found.id, key: named };
}

/** Throws a 422 that names the first scope that the caller lacks. */
export function refuseMore(caller: Caller, scopes: Scope[]): void {
  const more = scopes.find((scope) => !may(caller, scope));
  if (more) throw invalid([{ path: 'scopes', message: `must not contain ${more}: this key does not have that scope` }]);
}

export interface Wanted {
  /** ISO 8601; null: never. */
  expiresAt: string | null;
  /** Empty: any address. */
  cidrs: string[];
  rateLimit: ApiRate | null;
}

/**
 * The limits of a new key: those asked for, else those of the calling key. Throws a 422 if they exceed those of the
 * calling key.
 */
export function withinBounds({ bounds }: Caller, asked: Partial<Wanted>): Wanted {
  const { expiresAt = null, rateLimit = null, cidrs = [] } = asked;
  if (!bounds) return { expiresAt, rateLimit, cidrs };
  const { expiresAtMs, mostRate } = bounds;
  const problems: FieldError[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message });
  if (expiresAtMs !== null && expiresAt !== null && Date.parse(expiresAt) > expiresAtMs)
    refuse('expiresAt', `must not be later than ${new Date(expiresAtMs).toISOString()}, when this key expires`);
  const outside = bounds.cidrs.length > 0 ? cidrs.find((cidr) => !liesWithin(cidr, bounds.cidrs)) : undefined;
  if (outside !== undefined) refuse('cidrs', `must not contain ${outside}: it is outside the ranges of this key`);
  if (mostRate && rateLimit && isMore(rateLimit, mostRate)) refuse('rateLimit', 'must not exceed the rate limit of this key');
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

/**
 * When a new link expires: after `askedMs`, or by default after `usualMs`, but never later than the calling key. Throws
 * a 422 if `askedMs` is too long.
 */
export function linkEnd({ bounds }: Caller, askedMs: number | undefined, usualMs: number): Date {
  const [nowMs, latestMs] = [Date.now(), bounds?.expiresAtMs ?? Number.POSITIVE_INFINITY];
  if (askedMs !== undefined && nowMs + askedMs > latestMs)
    throw invalid([{ path: 'expiresIn', message: `is too long: this key expires at ${new Date(latestMs).toISOString()}` }]);
  return new Date(Math.floor(Math.min(nowMs + (askedMs ?? usualMs), latestMs) / 1_000) * 1_000);
}
