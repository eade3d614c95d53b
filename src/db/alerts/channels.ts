// Alert channels: create, list, read, change and delete. Their settings are encrypted with the channel's id as context.
import type { AuditChange } from '#domain/access/audit';
import type { Severity } from '#domain/alerts/alert';
import type { ChannelKind } from '#domain/alerts/channel-settings';
import { uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { type ChannelRow, channelColumns, type StoredChannel, toChannel } from './channel-row.ts';

const tables = 'alert_channels c left join tenants t on t.id = c.tenant_id';

/** The part that a request sets. */
export interface ChannelWrite {
  sealed: Uint8Array;
  kinds: string[] | null;
  minSeverity: Severity;
  quietMs: number;
  digestAt: string | null;
  digestOnly: boolean;
  digestDueAt: Date | null;
}

export interface ChannelToCreate extends ChannelWrite {
  channelId: string;
  /** `tnt_…`; null: of the operator. */
  tenantId: string | null;
  kind: ChannelKind;
}

/** Of a tenant, or of the operator. */
export const mostChannels = 20;
/** The first half of the key of the advisory lock; the second is the owner. The operator has no row that could be locked. */
const channelsLock = 8061103;

/**
 * Null: there are `mostChannels` already. Run twice with the same id: the second run returns the channel of the first.
 * `shown`: for the audit log, without secrets.
 */
export async function createChannel(
  db: Db,
  made: ChannelToCreate,
  shown: Record<string, unknown>,
  audit: Audit,
): Promise<StoredChannel | null> {
  await audited(db, audit, async (client) => {
    // a later statement than the lock counts, so that it sees what another call has committed
    await client.query({
      name: 'lock_alert_channels_of_owner',
      text: 'select pg_advisory_xact_lock($1, hashtext($2))',
      values: [channelsLock, made.tenantId ?? 'operator'],
    });
    const { rowCount } = await client.query({
      name: 'create_alert_channel',
      text: `
        insert into alert_channels (id, tenant_id, kind, sealed, kinds, min_severity, quiet_ms, digest_at, digest_only, digest_due_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
        where (select count(*) from alert_channels where tenant_id is not distinct from $2 and deleted_at is null) < ${mostChannels}
        on conflict do nothing`,
      values: [uuidOf(made.channelId), made.tenantId && uuidOf(made.tenantId), made.kind, ...written(made)],
    });
    const entry = { tenantId: made.tenantId, target: { kind: 'alert_channel', id: made.channelId }, before: null, after: shown };
    return { result: null, entry: rowCount === 1 ? entry : null };
  });
  return readChannel(db, made.channelId, false);
}

function written({ sealed, kinds, minSeverity, quietMs, digestAt, digestOnly, digestDueAt }: ChannelWrite): unknown[] {
  return [sealed, kinds, minSeverity, quietMs, digestAt, digestOnly, digestDueAt];
}

/** Channels older than `before`, newest first. `tenantId` null: of all tenants, and of the operator unless `onlyOwners`. */
export async function listChannels(
  db: Db,
  tenantId: string | null,
  onlyOwners: boolean,
  before: string | null,
  limit: number,
): Promise<StoredChannel[]> {
  const { rows } = await db.query<ChannelRow>({
    text: `
      select ${channelColumns} from ${tables}
      where c.deleted_at is null and ($1::uuid is null or c.tenant_id = $1) and (not $4 or c.tenant_id is not null) and c.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by c.id desc limit $3`,
    values: [tenantId && uuidOf(tenantId), before && uuidOf(before), limit, onlyOwners],
  });
  return rows.map(toChannel);
}

/** Null: no such channel. `onlyOwners`: not one of the operator. */
export async function readChannel(db: Pick<Db, 'query'>, channelId: string, onlyOwners: boolean): Promise<StoredChannel | null> {
  const { rows } = await db.query<ChannelRow>({
    name: 'read_alert_channel',
    text: `select ${channelColumns} from ${tables} where c.id = $1 and c.deleted_at is null and (not $2 or c.tenant_id is not null)`,
    values: [uuidOf(channelId), onlyOwners],
  });
  return rows[0] ? toChannel(rows[0]) : null;
}

/** What a change makes of the channel; the two are compared for the audit log. */
export interface Changing {
  write: ChannelWrite;
  /** The settings are other ones than before. */
  newSettings: boolean;
  audit: AuditChange;
}

/** Calls `change` under the row's lock; an error that it throws rolls back. Null: no such channel. */
export async function changeChannel(
  db: Db,
  channelId: string,
  onlyOwners: boolean,
  change: (before: StoredChannel) => Changing,
  audit: Audit,
): Promise<StoredChannel | null> {
  return audited(db, audit, async (client) => {
    const before = await lockChannel(client, channelId, onlyOwners);
    if (!before) return { result: null, entry: null };
    const { write, newSettings, audit: fields } = change(before);
    await client.query({
      name: 'change_alert_channel',
      text: `
        update alert_channels set sealed = $2, kinds = $3, min_severity = $4, quiet_ms = $5, digest_at = $6, digest_only = $7, digest_due_at = $8,
          settings_version = settings_version + $9::int, last_error = case when $9 = 1 then null else last_error end, updated_at = now()
        where id = $1`,
      values: [uuidOf(channelId), ...written(write), newSettings ? 1 : 0],
    });
    const { tenantId } = before;
    const entry = Object.keys(fields.after).length > 0 ? { tenantId, target: { kind: 'alert_channel', id: channelId }, ...fields } : null;
    return { result: await readChannel(client, channelId, false), entry };
  });
}

async function lockChannel(db: Pick<Db, 'query'>, channelId: string, onlyOwners: boolean): Promise<StoredChannel | null> {
  await db.query({
    name: 'lock_alert_channel',
    text: 'select from alert_channels where id = $1 for no key update',
    values: [uuidOf(channelId)],
  });
  return readChannel(db, channelId, onlyOwners);
}

/**
 * The checks delete its webhook endpoint later. `check` is called under the row's lock; an error that it throws rolls back.
 * False: no such channel.
 */
export async function deleteChannel(
  db: Db,
  channelId: string,
  onlyOwners: boolean,
  audit: Audit,
  check: (before: StoredChannel) => void,
): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const before = await lockChannel(client, channelId, onlyOwners);
    if (before) check(before);
    const { rowCount } = await client.query({
      name: 'delete_alert_channel',
      text: 'update alert_channels set deleted_at = now(), updated_at = now() where id = $1 and deleted_at is null and $2',
      values: [uuidOf(channelId), before !== null],
    });
    if (!before || rowCount === 0) return { result: false, entry: null };
    const { tenantId } = before;
    return {
      result: true,
      entry: { tenantId, target: { kind: 'alert_channel', id: channelId }, before: { kind: before.kind }, after: null },
    };
  });
}
