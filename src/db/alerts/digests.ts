// Daily digests: which channels are due, and what their digest lists.
import { type AlertView, alertKinds } from '#domain/alerts/alert';
import { nextDigestMs } from '#domain/alerts/channel';
import { takes } from '#domain/alerts/routing';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type Db, inTransaction } from '../store/pool.ts';
import { type AlertRow, alertColumns, toAlert } from './alerts.ts';
import type { StoredChannel } from './channel-row.ts';

/** Of `alert_channels`. */
export const isDigestDue = 'digest_due_at <= now() and deleted_at is null';

/** Writes a notification for each channel whose digest is due, and sets when the next is. One for a day, however many processes run. */
export async function announceDigests(db: Db, nowMs: number): Promise<void> {
  const { rowCount } = await db.query({
    name: 'digests_due',
    text: `select from alert_channels where ${isDigestDue} limit 1`,
  });
  if (rowCount === 0) return;
  await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ id: string; digest_at: string; digest_due_at: Date }>({
      name: 'take_digests',
      text: `
        select id, digest_at, digest_due_at from alert_channels where ${isDigestDue}
        order by digest_due_at limit 100 for update skip locked`,
    });
    for (const { id, digest_at: at, digest_due_at: due } of rows) {
      // by PostgreSQL's clock it is due; that of this process may be behind
      const next = nextDigestMs(at, Math.max(nowMs, due.getTime()));
      await client.query({
        name: 'announce_digest',
        text: `
          with next as (update alert_channels set digest_due_at = to_timestamp($2::float8 / 1000) where id = $1)
          insert into alert_notifications (id, channel_id, event, due_at) values ($3, $1, 'digest', now())`,
        values: [id, next, uuidOf(newId('ntf'))],
      });
    }
  });
}

const mostListed = 100;

/** The alerts that are open, or opened or closed in the last 24 hours, as far as the channel gets them; newest first. */
export async function readDigest(db: Db, channel: StoredChannel): Promise<AlertView[]> {
  const { rows } = await db.query<AlertRow & { tenant_id: string | null }>({
    text: `
      select ${alertColumns}, a.tenant_id from alerts a left join tenants t on t.id = a.tenant_id
      where (a.state <> 'closed' or a.closed_at > now() - interval '24 hours') and a.kind = any($2)
        and ($1::uuid is null or a.tenant_id = $1 and a.for_owner)
      order by a.id desc limit 1000`,
    values: [channel.tenantId && uuidOf(channel.tenantId), channel.kinds ?? alertKinds],
  });
  return rows
    .flatMap((row) => toAlert(row).filter((view) => takes(channel, { ...view, tenantId: row.tenant_id && idOf('tnt', row.tenant_id) })))
    .slice(0, mostListed);
}
