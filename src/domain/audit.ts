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
  'endpoint.verify',
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
  tenant: z.string().nullable().describe('the id that it has now'),
  tenantId: z.string().nullable().describe('`tnt_` and the UUID that the hash covers'),
  action: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  before: z.record(z.string(), z.unknown()).nullable().describe('what the change was about, as it was; *** stands for what is not shown'),
  after: z.record(z.string(), z.unknown()).nullable(),
  address: z
    .string()
    .nullable()
    .describe('where the request came from; a caller bound to a tenant is told it of that tenant’s own keys and links'),
  requestId: z.string().nullable().describe('x-request-id of the request, or run and activity in Temporal; told like `address`'),
  once: z.string().nullable().describe('what was told twice with this word was written once; told like `address`'),
  prevHash: z.string().describe('hash of the entry before it'),
  hash: z.string().describe('of this entry and the hash before it, in hex'),
});
export type AuditView = z.infer<typeof auditView>;

const shown = new Set(
  `name metadata rateLimit eventTypes channels description maxInFlight retry timeoutMs ordering onDeadLetter batch coalesceMs autoRecover gate gateReason
  format signing status verification notBefore maxEndpoints`.split(/\s+/),
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

/** Those of the fields that were given and are not what they were, without secrets; of metadata those keys. */
export function changedFields(given: readonly string[], before: object, after: object): AuditChange {
  const changed = differing(before, after).filter((name) => given.includes(name));
  const [old, now] = [pick(before, changed), pick(after, changed)];
  if (changed.includes('metadata')) {
    const [was = {}, is = {}] = [old.metadata, now.metadata] as (object | undefined)[];
    const keys = differing(was, is);
    Object.assign(old, { metadata: pick(was, keys) });
    Object.assign(now, { metadata: pick(is, keys) });
  }
  return { before: withoutSecrets(old), after: withoutSecrets(now) };
}

/** Of what is not there, null. */
function pick(from: object, names: readonly string[]): Record<string, unknown> {
  const fields = new Map<string, unknown>(Object.entries(from));
  return Object.fromEntries(names.map((name) => [name, fields.get(name) ?? null]));
}

function differing(before: object, after: object): string[] {
  const [old, now] = [before, after].map((fields) => new Map<string, unknown>(Object.entries(fields)));
  const names = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])];
  return names.filter((name) => JSON.stringify(old?.get(name) ?? null) !== JSON.stringify(now?.get(name) ?? null));
}

const most = 200;

/** The fields with every value cut to 200 characters: the log is kept for good, and whoever may change something could fill it. */
export function brief(fields: AuditState): AuditState {
  return fields && Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value, true)]));
}

/** What is longer is the beginning of its text, or of its JSON, and its length; fields of an object are cut one by one. */
function cut(value: unknown, open: boolean): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  if (text.length <= most) return value;
  if (open && typeof value === 'object' && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, cut(inner, false)]));
  }
  // no half of a surrogate pair
  return `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}… (${text.length} characters)`;
}
