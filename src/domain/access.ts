// Who may call what: the scopes of API keys and portal links.
import { z } from 'zod';
import type { ApiRate } from './api-rate.ts';

/** `admin` includes every other; the rest are independent of each other. */
export const scopes = ['events:write', 'endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act', 'admin'] as const;
export const scope = z.enum(scopes);
export type Scope = (typeof scopes)[number];

/** In the order in which they are declared, each once. */
export function scopesOf(given: readonly Scope[]): Scope[] {
  return scopes.filter((one) => given.includes(one));
}

export interface Caller {
  /** `bootstrap`: the key of the configuration, which may everything. */
  kind: 'bootstrap' | 'api_key' | 'portal_link';
  /** `key_…` or `lnk_…`; null: the bootstrap key. */
  id: string | null;
  /** The one tenant it is bound to; null: all. `id` is `tnt_…`, `key` the producer's. */
  tenant: { id: string; key: string } | null;
  scopes: readonly Scope[];
  /** What holds it besides: nothing that it makes is held by less. Not there: nothing does. */
  bounds?: Bounds;
  /** Where the request came from. */
  address: string | null;
}

export interface Bounds {
  /** Unix milliseconds; null: it does not expire. */
  expiresAtMs: number | null;
  /** None: it may call from anywhere. */
  cidrs: readonly string[];
  /** Its own; null: the usual one. */
  rateLimit: ApiRate | null;
  /** The most that a key made by it may have; null: any. */
  mostRate: ApiRate | null;
}

export function may({ scopes: given }: Caller, needed: Scope): boolean {
  return given.includes('admin') || given.includes(needed);
}

export const bootstrapCaller: Caller = { kind: 'bootstrap', id: null, tenant: null, scopes: ['admin'], address: null };
