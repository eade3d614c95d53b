// Pauses, resumes and deletes endpoints. A delete cancels the unfinished deliveries, page by page.
import { changedFields } from '#domain/access/audit';
import { type DeliveryStatus, obeyedIn } from '#domain/deliveries/delivery';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import type { StoredEndpoint } from './endpoint-row.ts';
import { lockEndpoint } from './endpoints.ts';

const page = 500;
const lowest = '00000000-0000-0000-0000-000000000000';

/**
 * Closes the gate: nothing is sent until the endpoint is resumed. A disabled endpoint stays disabled. False: no such
 * endpoint.
 */
export async function pauseEndpoint(db: Db, endpointId: string, audit?: Audit): Promise<boolean> {
  return changeGate(db, endpointId, audit, {
    name: 'pause_endpoint',
    text: `
      with before as (${gateBefore}), changed as (
        update endpoints p set gate = 'held', gate_reason = 'paused', version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id and b.gate <> 'disabled' and (b.gate, b.gate_reason) is distinct from ('held', 'paused')
        returning p.id, p.gate, p.gate_reason, p.not_before
      )
      ${gatesOf}`,
  });
}

const gateBefore = `
  select id, gate, gate_reason, not_before, verification_state from endpoints where id = $1 and deleted_at is null for no key update`;
const gatesOf = `
  select b.gate as gate_was, b.gate_reason as reason_was, b.not_before as not_before_was, c.id is not null as changed, c.gate, c.gate_reason, c.not_before
  from before b left join changed c on true`;

interface GateRow {
  gate_was: string;
  reason_was: string | null;
  not_before_was: Date | null;
  changed: boolean;
  gate: string;
  gate_reason: string | null;
  not_before: Date | null;
}

/**
 * If the gate is in that state already, nothing is written, not even an audit entry: repeats could fill the audit log.
 */
async function changeGate(db: Db, endpointId: string, audit: Audit | undefined, query: { name: string; text: string }): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<GateRow>({ ...query, values: [uuidOf(endpointId)] });
    const [row] = rows;
    if (!row?.changed) return { result: row !== undefined, entry: null };
    const before = { gate: row.gate_was, gateReason: row.reason_was, notBefore: row.not_before_was };
    const after = { gate: row.gate, gateReason: row.gate_reason, notBefore: row.not_before };
    return { result: true, entry: { target: { kind: 'endpoint', id: endpointId }, ...changedFields(Object.keys(after), before, after) } };
  });
}

/**
 * Opens the gate, even before the endpoint's Retry-After has passed. Its lane then sends what is held. False: no such
 * endpoint, or it is not verified yet.
 */
export async function resumeEndpoint(db: Db, endpointId: string, audit?: Audit): Promise<boolean> {
  return changeGate(db, endpointId, audit, {
    name: 'resume_endpoint',
    text: `
      with before as (${gateBefore}), changed as (
        update endpoints p set gate = 'open', gate_reason = null, not_before = null, version = nextval('config_version'), updated_at = now()
        from before b
        where p.id = b.id and b.verification_state in ('none', 'verified')
          and (b.gate, b.gate_reason, b.not_before) is distinct from ('open', null, null)
        returning p.id, p.gate, p.gate_reason, p.not_before
      )
      ${gatesOf} where b.verification_state in ('none', 'verified')`,
  });
}

export async function holdsSomething(db: Db, endpointId: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>({
    name: 'holds_something',
    text: `select exists (select from deliveries where endpoint_id = $1 and status = 'held') as found`,
    values: [uuidOf(endpointId)],
  });
  return rows[0]?.found ?? false;
}

/**
 * Pages of an endpoint's deliveries in these statuses, none of which is `succeeded`, by id. The caller changes a page
 * with another statement, which checks the status again and is not prepared by name, so that the ids select the
 * partitions. In one joined statement PostgreSQL would read all partitions.
 */
export async function* pagesOf(db: Pick<Db, 'query'>, endpointId: string, statuses: readonly DeliveryStatus[]): AsyncGenerator<string[]> {
  for (let after = lowest; ; ) {
    const { rows } = await db.query<{ id: string }>({
      name: 'unfinished_of_endpoint',
      text: `
        select d.id from unnest($2::text[]) as s (wanted), lateral (
          select id from deliveries where endpoint_id = $1 and status = s.wanted and status <> 'succeeded' and id > $3 order by id limit $4
        ) d
        order by d.id limit $4`,
      values: [uuidOf(endpointId), statuses, after, page],
    });
    const last = rows.at(-1)?.id;
    if (last === undefined) return;
    yield rows.map((row) => row.id);
    if (rows.length < page) return;
    after = last;
  }
}

/**
 * Deletes an endpoint: nothing is planned or sent for it any more. True also if it is deleted already, so that a repeat
 * finishes an interrupted delete. `check` is called with an endpoint that is not, under its lock; an error that it throws rolls
 * back.
 */
export async function deleteEndpoint(
  db: Db,
  endpointId: string,
  audit?: Audit,
  check?: (before: StoredEndpoint) => void,
): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const stored = check && (await lockEndpoint(client, endpointId));
    if (stored) check(stored);
    const { rows } = await client.query<{ before: { gate: string } | null }>({
      name: 'delete_endpoint',
      text: `
        with before as (select id, gate, deleted_at from endpoints where id = $1 for no key update)
        update endpoints p set deleted_at = coalesce(p.deleted_at, now()), version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id
        returning case when b.deleted_at is null then jsonb_build_object('gate', b.gate) end as before`,
      values: [uuidOf(endpointId)],
    });
    const before = rows[0]?.before;
    return { result: rows.length === 1, entry: before ? { target: { kind: 'endpoint', id: endpointId }, before, after: null } : null };
  });
}

/**
 * Cancels the unfinished deliveries of an endpoint, in pages. Yields the ids of each committed page, without deliveries
 * that were only ever held: these have no workflow to signal. Safe to repeat.
 */
export async function* cancelUnfinished(db: Db, endpointId: string): AsyncGenerator<string[]> {
  const unfinished: readonly DeliveryStatus[] = obeyedIn.cancel;
  for await (const ids of pagesOf(db, endpointId, unfinished)) {
    const { rows } = await db.query<{ id: string }>({
      text: `
        with cancelled as (
          update deliveries set status = 'cancelled', next_attempt_at = null, 
            unsignalled_since = case when own_workflow then clock_timestamp() else unsignalled_since end, updated_at = now()
          where id = any($1::uuid[]) and status = any($2) returning id, own_workflow
        )
        select id from cancelled where own_workflow`,
      values: [ids, unfinished],
    });
    yield rows.map((row) => idOf('dlv', row.id)).toSorted();
  }
}
