// Changes the settings of an endpoint: checks the settings as they would be, and writes them, under
// one lock on its row.
import { type AuditChange, changedFields } from '#domain/access/audit';
import { endpointProblems, type SettingsProblem } from '#domain/endpoints/endpoint-problems';
import { unverified, type VerificationMethod } from '#domain/endpoints/verification';
import { uuidOf } from '#domain/ids';
import type { SealedTarget } from '#sealing/endpoint-target-encryption';
import type { SealedShape } from '#sealing/shape';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { refuseTooMany } from './endpoint-limits.ts';
import type { StoredEndpoint } from './endpoint-row.ts';
import { type EndpointSettings, laneValues, lockEndpoint, readEndpoint, settingValues } from './endpoints.ts';
import { pagesOf } from './pause-resume.ts';
import { liveSecrets, type SealedSecret } from './secrets.ts';
import { setShape } from './shapes.ts';
import { verifyAnew } from './verifications.ts';

type Querying = Pick<Db, 'query'>;

/** `problems`: the resulting settings contradict each other; nothing was changed. */
export type EndpointChanged =
  | { kind: 'unknown' }
  | { kind: 'problems'; problems: SettingsProblem[] }
  | { kind: 'changed'; endpoint: StoredEndpoint };

/**
 * Makes the new target from the stored one, with the difference that may be shown. `leadsElsewhere`: its URL changes.
 */
export type Retarget = (sealed: Uint8Array, db: Querying) => Promise<SealedTarget & { leadsElsewhere: boolean; shown: AuditChange }>;

/** Makes the new shape from the stored one, with the difference that may be shown. */
export interface Reshape {
  /** Called before the endpoint is locked. */
  lock(db: Querying): Promise<void>;
  make(before: StoredEndpoint['shape'], db: Querying): Promise<{ shape: SealedShape | null; shown: AuditChange }>;
}

export interface OtherChanges {
  reshape?: Reshape | undefined;
  retarget?: Retarget | undefined;
  verification?: VerificationMethod | undefined;
  /** How many endpoints the tenant may have at the new host, including this one; null or left out: no limit. */
  mostAtHost?: number | null;
  /**
   * Makes the past target of the stored one, to show what attempts up to this change sent. Left out: nothing is shown
   * of them.
   */
  pastTarget?: ((sealed: Uint8Array) => Uint8Array) | undefined;
  /** Called with the stored endpoint under its lock; an error that it throws rolls everything back. */
  check?: ((before: StoredEndpoint, db: Querying) => void | Promise<void>) | undefined;
  /** Checks the new signing against the newest secret; an error that it throws rolls everything back. */
  judgeSigning?: ((before: StoredEndpoint, newest: SealedSecret | undefined) => void) | undefined;
}

/**
 * Sets the given settings; `null` means the default again, or none. Waiting deliveries are sent by the new settings.
 * Throws TooManyEndpoints.
 *
 * A change of the ordering changes the existing rows in the same transaction: if only half of them were changed, they
 * would be sent in no order, and nothing would repair that. The rows are changed page by page, since one statement for
 * everything held could exceed the query timeout. The endpoint itself is written last, since that locks its tenant's
 * row.
 */
export async function changeEndpoint(
  db: Db,
  endpointId: string,
  change: Partial<EndpointSettings>,
  { retarget, reshape, verification, mostAtHost = null, pastTarget, check, judgeSigning }: OtherChanges = {},
  audit?: Audit,
): Promise<EndpointChanged> {
  if (Object.keys(change).length === 0 && !retarget && !reshape && verification === undefined) {
    const endpoint = await readEndpoint(db, endpointId);
    if (endpoint) await check?.(endpoint, db);
    return changed(endpoint);
  }
  return inTransaction(db, async (client): Promise<EndpointChanged> => {
    await reshape?.lock(client);
    const before = await lockEndpoint(client, endpointId);
    if (!before) return { kind: 'unknown' };
    await check?.(before, client);
    const settings: EndpointSettings = { ...before, ...change };
    const reshaped = await reshape?.make(before.shape, client);
    const problems = endpointProblems({ ...settings, isWhole: (reshaped ?? before).shape?.isWhole ?? false });
    if (problems.length > 0) return { kind: 'problems', problems };
    judgeSigning?.(before, (await liveSecrets(client, endpointId))[0]);
    const orderBegins = settings.ordering !== 'none' && before.ordering !== settings.ordering;
    if (orderBegins || (before.onDeadLetter !== 'block' && settings.onDeadLetter === 'block')) await unblock(client, endpointId);
    if (before.ordering !== settings.ordering) await line(client, endpointId, settings.ordering === 'key');
    await write(client, endpointId, settings, orderBegins);
    if (reshaped) await setShape(client, endpointId, reshaped.shape);
    const target = await retarget?.(before.sealed, client);
    if (target) {
      await refuseTooMany(client, { endpointId, tenant: before.tenant, target, isNew: false, mostAtHost });
      await writeTarget(client, endpointId, target);
    }
    const signing = changedFields(['signing'], before, settings).after;
    if (Object.keys({ ...target?.shown.after, ...signing }).length > 0)
      await leadElsewhere(client, endpointId, pastTarget?.(before.sealed) ?? null);
    const { method } = before.verification;
    if (target?.leadsElsewhere || (verification ?? method) !== method) await verifyAnew(client, endpointId, verification ?? method);
    const endpoint = await readEndpoint(client, endpointId);
    const given = [...Object.keys(change), 'verification', 'gate', 'gateReason', 'notBefore'];
    const ofSettings = changedFields(given, before, endpoint ?? before);
    if (audit && endpoint) await account(client, audit, endpointId, [ofSettings, target?.shown, reshaped?.shown]);
    return changed(endpoint);
  });
}

function changed(endpoint: StoredEndpoint | null): EndpointChanged {
  return endpoint ? { kind: 'changed', endpoint } : { kind: 'unknown' };
}

/** Appends the audit entry, if anything has changed. */
async function account(db: Querying, audit: Audit, endpointId: string, changes: (AuditChange | undefined)[]): Promise<void> {
  const before = Object.assign({}, ...changes.map((change) => change?.before));
  const after = Object.assign({}, ...changes.map((change) => change?.after));
  if (Object.keys(after).length === 0) return;
  await appendAudit(db, audit, { target: { kind: 'endpoint', id: endpointId }, before, after });
}

async function write(db: Querying, endpointId: string, settings: EndpointSettings, orderBegins: boolean): Promise<void> {
  await db.query({
    name: 'change_endpoint',
    text: `
      update endpoints set event_types = $2, channels = $3, description = $4, format = $5, signing = $6, max_in_flight = $7, retry = $8, timeout_ms = $9,
        metadata = $10, rate_limit = $11, ordering = $12, on_dead_letter = $13, batch = $14, coalesce_ms = $15, auto_recover = $16, filter = $18,
        -- the time of this statement: its transaction may have waited for the lock since it began
        ordering_since = case when $17 then clock_timestamp() else ordering_since end,
        version = nextval('config_version'), updated_at = now()
      where id = $1`,
    values: [uuidOf(endpointId), ...settingValues(settings), ...laneValues(settings), orderBegins, settings.filter],
  });
}

async function writeTarget(
  db: Querying,
  endpointId: string,
  { sealed, host, tokenHost = null, tlsExpiresAt = null }: SealedTarget,
): Promise<void> {
  await db.query({
    name: 'change_target',
    text: `
      update endpoints set sealed = $2, host = $3, token_host = $5, tls_expires_at = $4,
        tls_alerted_days = case when tls_expires_at is not distinct from $4 then tls_alerted_days end
      where id = $1`,
    values: [uuidOf(endpointId), sealed, host, tlsExpiresAt, tokenHost],
  });
}

/**
 * Forgets the state of the old target: its Retry-After, and a gate that Posthorn closed. The trigger `forget_target`
 * resets failures and circuit. A gate that a person closed, or that waits for verification, stays closed. A late answer
 * names the old version and is ignored. `past`: the old target, to show what was sent to it.
 */
async function leadElsewhere(db: Querying, endpointId: string, past: Uint8Array | null): Promise<void> {
  await db.query({
    name: 'lead_elsewhere',
    text: `
      with kept as (
        insert into past_targets (endpoint_id, target_version, sealed)
        select id, target_version, $2::bytea from endpoints where id = $1 and $2::bytea is not null
      )
      update endpoints set target_version = target_version + 1, not_before = null,
        gate = case when gate <> 'disabled' then gate when verification_state in ('none', 'verified') then 'open' else 'held' end,
        gate_reason = case when gate <> 'disabled' then gate_reason when verification_state not in ('none', 'verified') then '${unverified}' end,
        version = nextval('config_version'), updated_at = now()
      where id = $1`,
    values: [uuidOf(endpointId), past],
  });
}

/** Removes the positions of deliveries that were given up before the endpoint blocked, so that they block nothing. */
async function unblock(db: Querying, endpointId: string): Promise<void> {
  for (;;) {
    const { rows } = await db.query<{ id: string }>({
      name: 'given_up_with_positions',
      text: `
        select id from deliveries where endpoint_id = $1 and status in ('dead_lettered', 'quarantined') and position is not null
        order by position limit 500`,
      values: [uuidOf(endpointId)],
    });
    if (rows.length === 0) return;
    await db.query({
      // not prepared by name: the ids select the partitions
      text: `
        with given_up as (
          select id from deliveries where id = any($1::uuid[]) and status in ('dead_lettered', 'quarantined') order by id for update
        )
        update deliveries d set position = null from given_up g where d.id = g.id and d.id = any($1::uuid[])`,
      values: [rows.map(({ id }) => id)],
    });
  }
}

/**
 * Moves held deliveries to the queue of their ordering key, or out of it. Clears their sequence numbers, which mean
 * nothing in another order.
 */
async function line(db: Querying, endpointId: string, byKey: boolean): Promise<void> {
  for await (const ids of pagesOf(db, endpointId, ['held'])) {
    await db.query({
      text: `
        with held as (
          select id, event_id from deliveries where id = any($1::uuid[]) and status = 'held' order by id for update
        )
        update deliveries d set sequence = null, lane_key = case when $2 then (select e.ordering_key from events e where e.id = h.event_id) end
        from held h where d.id = h.id and d.id = any($1::uuid[])`,
      values: [ids, byKey],
    });
  }
}
