// Audit log entries: actions, actors, and the changed fields of a request.
// An entry never holds a secret: only fields on an allow list are shown, all others are masked.
import { z } from 'zod';
import type { Command } from '../deliveries/delivery.ts';
import { hidden, originOnly } from '../endpoints/endpoint-target.ts';

const auditActions = [
  'tenant.create',
  'tenant.change',
  'tenant.delete',
  'endpoint.create',
  'endpoint.change',
  'endpoint.delete',
  'endpoint.pause',
  'endpoint.resume',
  'endpoint.rotate_secret',
  'endpoint.end_secret',
  'endpoint.test',
  'endpoint.listen',
  'endpoint.verify',
  'endpoint.skip_head',
  'endpoint.disable',
  'endpoint.recover',
  'endpoint.ack_missed',
  'endpoint.check_conformance',
  'delivery.replay',
  'delivery.cancel',
  'delivery.retry_now',
  'delivery.release',
  'replay.create',
  'replay.pause',
  'replay.resume',
  'replay.cancel',
  'replay.set_pace',
  'event.erase',
  'event.recall',
  'sandbox.create',
  'sandbox.change',
  'sandbox.delete',
  'sandbox.clear',
  'signing_key.rotate',
  'signing_key.cancel',
  'api_key.create',
  'api_key.revoke',
  'portal_link.create',
  'portal_link.revoke',
  'session.create',
  'session.revoke',
  'alert.acknowledge',
  'alert_channel.create',
  'alert_channel.change',
  'alert_channel.delete',
  'alert_channel.test',
  'event_type.create',
  'event_type.change',
  'event_type.delete',
  'event_type.put_version',
  'event_type.put_converter',
  'event_type.delete_converter',
  'catalogue.apply',
  'master_key.rotate',
] as const;
export const auditAction = z.enum(auditActions);
export type AuditAction = z.infer<typeof auditAction>;

export function commandAction({ kind }: Pick<Command, 'kind'>): AuditAction {
  return kind === 'retry-now' ? 'delivery.retry_now' : `delivery.${kind}`;
}

const actorKinds = ['bootstrap', 'api_key', 'portal_link', 'session', 'temporal', 'cli', 'system'] as const;

/**
 * Who made the change: an API key, portal link or session (`id` is its id), a Temporal signal (`id` is the workflow's
 * id), the CLI, or Posthorn (`system`).
 */
export interface AuditActor {
  kind: (typeof actorKinds)[number];
  id: string | null;
  /** Of a session: the person or the key that signed in. */
  name?: string;
}

/** The actor as the log stores it and its hash covers it: of a session, the id and the name. */
export function storedActor({ id, name }: Pick<AuditActor, 'id' | 'name'>): string | null {
  return id !== null && name !== undefined ? `${id} ${name}` : id;
}

export function actorOfStored(kind: AuditActor['kind'], stored: string | null): AuditView['actor'] {
  const at = kind === 'session' && stored !== null ? stored.indexOf(' ') : -1;
  return stored === null || at < 0 ? { kind, id: stored } : { kind, id: stored.slice(0, at), name: stored.slice(at + 1) };
}

/** As the API shows an actor. */
export const auditActor = z.object({
  kind: z.enum(actorKinds),
  id: z.string().nullable(),
  name: z
    .string()
    .optional()
    .describe(
      'of a session: the person (e-mail address or name, then the id at the provider), or the key that signed in; visible like `address`',
    ),
});

/** Fields by name; null: the object did not exist before, or does not exist any more. */
export type AuditState = Record<string, unknown> | null;

export interface AuditEntry {
  /** `tnt_…`; null: belongs to no single tenant; absent: the tenant of the target endpoint or delivery. */
  tenantId?: string | null;
  target: { kind: string; id: string };
  before: AuditState;
  after: AuditState;
}

export const auditView = z.object({
  seq: z.int().describe('sequence number: 1, 2, 3 … without gaps'),
  at: z.string().describe('time of the change in UTC, to the microsecond'),
  actor: auditActor,
  tenant: z.string().nullable().describe('current id of the tenant'),
  tenantId: z.string().nullable().describe("Posthorn's id of the tenant (`tnt_` and the UUID that the hash covers)"),
  action: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  before: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('changed fields before the change; values that are not shown are masked as ***'),
  after: z.record(z.string(), z.unknown()).nullable().describe('changed fields after the change'),
  address: z
    .string()
    .nullable()
    .describe('IP address of the client; a caller bound to a tenant sees it only for keys and links of that tenant'),
  requestId: z.string().nullable().describe('x-request-id of the request, or run and activity in Temporal; visible like `address`'),
  once: z.string().nullable().describe('deduplication key: a repeated entry with the same key is stored once; visible like `address`'),
  prevHash: z.string().describe('hash of the previous entry'),
  hash: z.string().describe('hash over this entry and prevHash, in hex'),
});
export type AuditView = z.infer<typeof auditView>;

export const auditVerification = z.object({
  unbroken: z.boolean().describe('every entry is as it was written, and none is missing'),
  entries: z.int().nullable().describe('number of entries; null: the chain is broken'),
  head: z.string().nullable().describe('hash of the last entry; null: the chain is broken'),
  broken: z.object({ seq: z.int().describe('number of the first entry that is missing or was changed'), reason: z.string() }).nullable(),
  unguarded: z.array(z.string()).describe('why somebody other than a superuser could change the log; must be fixed'),
  remarks: z.array(z.string()).describe('risks that rights in PostgreSQL cannot prevent'),
});
export type AuditVerification = z.infer<typeof auditVerification>;

const shown = new Set(
  `name metadata rateLimit eventTypes versions channels filter description maxInFlight retry timeoutMs ordering onDeadLetter batch coalesceMs autoRecover gate gateReason
  format signing status verification notBefore maxEndpoints kind kinds minSeverity quietPeriod digest state retention script
  origins group owner tags visibility validation deprecatedAt sunsetAt version versions replaced compatible`.split(/\s+/),
);

/**
 * Fields with secrets masked: of a URL only the origin is shown, of headers only the names, of unlisted fields only
 * whether they are set.
 */
export function withoutSecrets(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, masked(name, value)]));
}

function masked(name: string, value: unknown): unknown {
  if (shown.has(name) || value === null || value === undefined) return value ?? null;
  if (name === 'url' && typeof value === 'string') return originOnly(value);
  if (name === 'headers' && typeof value === 'object') return Object.fromEntries(Object.keys(value).map((header) => [header, hidden]));
  return hidden;
}

export interface AuditChange {
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

/** The given fields whose value changed, with secrets masked. Of metadata only the changed keys. */
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

/** Missing fields become null. */
function pick(from: object, names: readonly string[]): Record<string, unknown> {
  const fields = new Map<string, unknown>(Object.entries(from));
  return Object.fromEntries(names.map((name) => [name, fields.get(name) ?? null]));
}

function differing(before: object, after: object): string[] {
  const [old, now] = [before, after].map((fields) => new Map<string, unknown>(Object.entries(fields)));
  const names = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])];
  return names.filter((name) => JSON.stringify(old?.get(name) ?? null) !== JSON.stringify(now?.get(name) ?? null));
}

const maxLength = 200;

/**
 * Cuts every value to 200 characters. The log is never deleted, so a caller with write access could fill it with long
 * values.
 */
export function brief(fields: AuditState): AuditState {
  return fields && Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value, true)]));
}

/**
 * A longer value becomes the start of its text (or of its JSON) and its length. Fields of an object are cut one by one.
 */
function cut(value: unknown, open: boolean): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  if (text.length <= maxLength) return value;
  if (open && typeof value === 'object' && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, cut(inner, false)]));
  }
  // must not end in half of a surrogate pair
  return `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')}… (${text.length} characters)`;
}
