// The audit log: who changed what. What an entry shows of a change holds no secret: only fields known to be harmless are shown, of any other only
// that it was given.
import { z } from 'zod';
import type { Order } from './delivery.ts';
import { hidden } from './endpoint-target.ts';

export const auditActions = [
  'tenant.create',
  'tenant.change',
  'tenant.delete',
  'endpoint.create',
  'endpoint.change',
  'endpoint.delete',
  'endpoint.pause',
  'endpoint.resume',
  'endpoint.rotate_secret',
  'endpoint.test',
  'endpoint.skip_head',
  'endpoint.disable',
  'endpoint.recover',
  'delivery.replay',
  'delivery.cancel',
  'delivery.retry_now',
  'delivery.release',
  'event.erase',
  'signing_key.rotate',
  'signing_key.cancel',
  'api_key.create',
  'api_key.revoke',
  'portal_link.create',
  'portal_link.revoke',
  'master_key.rotate',
] as const;
export const auditAction = z.enum(auditActions);
export type AuditAction = z.infer<typeof auditAction>;

export function orderAction({ kind }: Pick<Order, 'kind'>): AuditAction {
  return kind === 'retry-now' ? 'delivery.retry_now' : `delivery.${kind}`;
}

export const actorKinds = ['bootstrap', 'api_key', 'portal_link', 'temporal', 'cli', 'system'] as const;

/** Who did it: by a key or a link (`id` is its own), by a signal in Temporal (`id` is the workflow's), by the command line, or Posthorn by itself. */
export interface AuditActor {
  kind: (typeof actorKinds)[number];
  id: string | null;
}

/** Fields by name; null: there was, or is, nothing. */
export type AuditState = Record<string, unknown> | null;

export interface AuditEntry {
  /** `tnt_…`; null: of no one tenant; left out: that of the endpoint or delivery it is about. */
  tenantId?: string | null;
  target: { kind: string; id: string };
  before: AuditState;
  after: AuditState;
}

export const auditView = z.object({
  seq: z.int().describe('1, 2, 3 … without a gap'),
  at: z.string().describe('in UTC, to the microsecond'),
  actor: z.object({ kind: z.enum(actorKinds), id: z.string().nullable() }),
  tenant: z.string().nullable(),
  action: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  before: z.record(z.string(), z.unknown()).nullable().describe('what the change was about, as it was; *** stands for what is not shown'),
  after: z.record(z.string(), z.unknown()).nullable(),
  address: z.string().nullable().describe('where the request came from'),
  requestId: z.string().nullable().describe('x-request-id of the request, or run and activity in Temporal'),
  hash: z.string().describe('of this entry and the hash before it, in hex'),
});
export type AuditView = z.infer<typeof auditView>;

const shown = new Set(
  `name metadata rateLimit eventTypes channels description maxInFlight retry timeoutMs ordering onDeadLetter batch coalesceMs autoRecover gate gateReason
  format signing status`.split(/\s+/),
);

/** What may be seen of these fields: of a URL its origin, of headers their names, of what is not known to be harmless only whether it is set. */
export function withoutSecrets(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, masked(name, value)]));
}

function masked(name: string, value: unknown): unknown {
  if (shown.has(name) || value === null || value === undefined) return value ?? null;
  if (name === 'url' && typeof value === 'string') return originOnly(value);
  if (name === 'headers' && typeof value === 'object') return Object.fromEntries(Object.keys(value).map((header) => [header, hidden]));
  return hidden;
}

/** Path and query may hold a token, and so may the name before an @. */
function originOnly(url: string): string {
  const [, scheme, host] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]*)/i.exec(url) ?? [];
  return scheme === undefined ? hidden : `${scheme}${host}/${hidden}`;
}

export interface AuditChange {
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

/** Those of the fields that were given and are not what they were, without secrets. */
export function changedFields(given: readonly string[], before: object, after: object): AuditChange {
  const [old, now] = [before, after].map((fields) => new Map<string, unknown>(Object.entries(fields)));
  const changed = given.filter((name) => JSON.stringify(old?.get(name)) !== JSON.stringify(now?.get(name)));
  const pick = (from?: Map<string, unknown>) => withoutSecrets(Object.fromEntries(changed.map((name) => [name, from?.get(name)])));
  return { before: pick(old), after: pick(now) };
}
