// What the test endpoints of tenants received: within limits of count, size and age. Headers and
// body are encrypted with the content key of their day.
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import { keptBytes, keptDays, keptRequests } from '#domain/sandbox/sandbox-endpoint';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

export interface StoredRequest {
  /** `sbr_…`; its time is when the request came. */
  id: string;
  webhookId: string | null;
  delivery: string | null;
  attempt: number | null;
  method: string;
  signature: string;
  statusAnswered: number | null;
  bodyBytes: number;
  /** Encrypted JSON: `{ headers, body }`. */
  content: Uint8Array;
}

interface RequestRow {
  id: string;
  webhook_id: string | null;
  delivery: string | null;
  attempt: number | null;
  method: string;
  signature: string;
  status_answered: number | null;
  body_bytes: number;
  content: Buffer;
}

/** Adds a request, and deletes the oldest ones beyond the limits of its sandbox. Nothing for a sandbox that was deleted. */
export async function recordSandboxRequest(db: Pick<Db, 'query'>, sandboxId: string, request: StoredRequest): Promise<void> {
  const { id, webhookId, delivery, attempt, method, signature, statusAnswered, bodyBytes, content } = request;
  await db.query({
    name: 'record_sandbox_request',
    text: `
      with added as (
        insert into sandbox_requests
          (id, sandbox_id, tenant_id, webhook_id, delivery, attempt, method, signature, status_answered, body_bytes, content)
        select $2, s.id, s.tenant_id, $3, $4, $5, $6, $7, $8, $9, $10 from sandboxes s where s.id = $1 for key share
        returning octet_length(content) as bytes
      ), kept as (
        select id, row_number() over newest_first as place, sum(octet_length(content)) over newest_first as bytes
        from sandbox_requests where sandbox_id = $1 window newest_first as (order by id desc)
      )
      delete from sandbox_requests r using kept k, added a
      where r.id = k.id and r.sandbox_id = $1 and (k.place >= ${keptRequests} or k.bytes + a.bytes > ${keptBytes})`,
    values: [uuidOf(sandboxId), uuidOf(id), webhookId, delivery, attempt, method, signature, statusAnswered, bodyBytes, content],
  });
}

/** Counts an attempt of an event at a sandbox and returns its number, from 1. */
export async function countSandboxAttempt(db: Pick<Db, 'query'>, sandboxId: string, webhookId: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>({
    name: 'count_sandbox_attempt',
    text: `
      insert into sandbox_attempts as a (sandbox_id, webhook_id, attempts, seen_at) values ($1, $2, 1, now())
      on conflict (sandbox_id, webhook_id) do update set attempts = a.attempts + 1, seen_at = now() returning attempts`,
    values: [uuidOf(sandboxId), webhookId],
  });
  return rows[0]?.attempts ?? 1;
}

/** Older than `before`, newest first. `webhookId` null: of all events. */
export async function listSandboxRequests(
  db: Db,
  sandboxId: string,
  webhookId: string | null,
  before: string | null,
  limit: number,
): Promise<(StoredRequest & { receivedAt: Date })[]> {
  const { rows } = await db.query<RequestRow>({
    name: 'list_sandbox_requests',
    text: `
      select id, webhook_id, delivery, attempt, method, signature, status_answered, body_bytes, content from sandbox_requests
      where sandbox_id = $1 and ($2::text is null or webhook_id = $2) and id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by id desc limit $4`,
    values: [uuidOf(sandboxId), webhookId, before && uuidOf(before), limit],
  });
  return rows.map((row) => {
    const id = idOf('sbr', row.id);
    return {
      id,
      receivedAt: new Date(unixMsOf(id)),
      webhookId: row.webhook_id,
      delivery: row.delivery,
      attempt: row.attempt,
      method: row.method,
      signature: row.signature,
      statusAnswered: row.status_answered,
      bodyBytes: row.body_bytes,
      content: row.content,
    };
  });
}

/** Deletes what a sandbox received; its script begins again for every event. */
export async function clearSandbox(db: Db, { id, tenantId }: { id: string; tenantId: string }, audit: Audit): Promise<void> {
  await audited(db, audit, async (client) => {
    const { rowCount } = await client.query({
      name: 'clear_sandbox_requests',
      text: 'delete from sandbox_requests where sandbox_id = $1',
      values: [uuidOf(id)],
    });
    await client.query({
      name: 'clear_sandbox_attempts',
      text: 'delete from sandbox_attempts where sandbox_id = $1',
      values: [uuidOf(id)],
    });
    return {
      result: null,
      entry: { tenantId, target: { kind: 'sandbox', id }, before: { requests: rowCount ?? 0 }, after: { requests: 0 } },
    };
  });
}

/** Deletes what sandboxes have of these events (`evt_…`), sent alone. Call it where contents are erased. */
export async function eraseSandboxRequests(db: Pick<Db, 'query'>, eventIds: string[]): Promise<void> {
  await db.query({
    text: `
      delete from sandbox_requests r using events e
      where e.id = any($1::uuid[]) and r.tenant_id = e.tenant_id and r.webhook_id = e.external_id`,
    values: [eventIds.map(uuidOf)],
  });
}

/** Deletes what sandboxes have of these batches (their UUIDs). */
export async function eraseSandboxBatches(db: Pick<Db, 'query'>, batches: string[]): Promise<void> {
  await db.query({
    text: 'delete from sandbox_requests where webhook_id = any($1::text[])',
    values: [batches.map((uuid) => idOf('bat', uuid))],
  });
}

const mostCounts = 10_000;

/** Deletes what is older than it may be, and counts beyond their limit. */
export async function deleteOldSandboxRequests(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_sandbox_requests',
    text: `delete from sandbox_requests where id < $1`,
    values: [firstUuidAt(Date.now() - keptDays * 86_400_000)],
  });
  await db.query({
    name: 'delete_old_sandbox_attempts',
    text: `
      delete from sandbox_attempts a using (
        select sandbox_id, webhook_id, seen_at, row_number() over (partition by sandbox_id order by seen_at desc) as place from sandbox_attempts
      ) k
      where a.sandbox_id = k.sandbox_id and a.webhook_id = k.webhook_id
        and (k.place > ${mostCounts} or k.seen_at < now() - ${keptDays} * interval '1 day')`,
  });
  return rowCount ?? 0;
}
