// Scopes of API keys and portal links, and the check whether a caller has the scope that a route
// needs.
import { z } from 'zod';
import type { ApiRate } from './api-rate.ts';

/** `admin` includes all others. The others are independent of each other. */
export const scopes = ['events:write', 'endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act', 'admin'] as const;
export const scope = z.enum(scopes);
export type Scope = (typeof scopes)[number];

/** Scopes without duplicates, in the order of their declaration. */
export function scopesOf(given: readonly Scope[]): Scope[] {
  return scopes.filter((one) => given.includes(one));
}

export interface Caller {
  /** `bootstrap`: the key from the configuration. It has all rights. */
  kind: 'bootstrap' | 'api_key' | 'portal_link' | 'session';
  /** `key_…`, `lnk_…` or `ses_…`; null for the bootstrap key. */
  id: string | null;
  /** Of a session: who signed in. `key`: the id of its API key, or `bootstrap`; null: a person signed in, who is `person`. */
  signedIn?: { key: string | null; name: string; person?: { issuer: string; subject: string } };
  /** The tenant it is bound to; null: all tenants. `id` is Posthorn's id (`tnt_…`), `key` the producer's id. */
  tenant: { id: string; key: string } | null;
  scopes: readonly Scope[];
  /** Limits of an API key. A key or link that it creates must not exceed them. Absent: no limits. */
  bounds?: Bounds;
  /** IP address of the client. */
  address: string | null;
}

export interface Bounds {
  /** Unix milliseconds; null: never. */
  expiresAtMs: number | null;
  /** Allowed client networks; empty: any address. */
  cidrs: readonly string[];
  /** The key's own rate limit; null: the default rate limit. */
  rateLimit: ApiRate | null;
  /** Highest rate limit of a key that this caller creates; null: any. */
  mostRate: ApiRate | null;
}

export function may({ scopes: given }: Caller, needed: Scope): boolean {
  return given.includes('admin') || given.includes(needed);
}

/**
 * Callers that see only the alerts that the owners of endpoints see. People who operate all tenants see those about the
 * installation, whatever their role.
 */
export function seesOnlyOwnersAlerts(caller: Caller): boolean {
  return caller.kind === 'session' && caller.tenant === null ? false : seesOnlyOwners(caller);
}

/** Callers that see of channels only what the owners of endpoints see. */
export function seesOnlyOwners(caller: Caller): boolean {
  return caller.tenant !== null || !may(caller, 'admin');
}

export const bootstrapCaller: Caller = { kind: 'bootstrap', id: null, tenant: null, scopes: ['admin'], address: null };
