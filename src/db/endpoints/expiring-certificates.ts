// Alerts owners of client certificates that expire: 30 days, 7 days and 1 day before, once each.
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { Db } from '../store/pool.ts';

const atOnce = 500;

/** Returns the number of alerts written; 0: none is due. A late alert is written once, for the days that are left. */
export async function alertExpiring(db: Pick<Db, 'query'>): Promise<number> {
  const { rowCount } = await db.query({
    name: 'alert_expiring',
    text: `
      with due as (
        select p.id, s.days from endpoints p, lateral (
          select min(days) as days from unnest('{1, 7, 30}'::int[]) as s (days) where p.tls_expires_at <= now() + days * interval '1 day'
        ) s
        where p.tls_expires_at <= now() + interval '30 days' and p.deleted_at is null and coalesce(p.tls_alerted_days, 31) > s.days
        order by p.id limit ${atOnce} for update of p skip locked
      ), told as (
        update endpoints p set tls_alerted_days = due.days from due where p.id = due.id
        returning p.id, p.tenant_id, p.tls_expires_at, due.days
      ), numbered as (
        select told.*, row_number() over (order by id) as n from told
      )
      insert into alerts (id, tenant_id, endpoint_id, kind, detail)
      select ($1::uuid[])[n], tenant_id, id, 'certificate_expires', jsonb_build_object('expiresAt', tls_expires_at, 'days', days) from numbered`,
    values: [Array.from({ length: atOnce }, () => uuidOf(newId('alt')))],
  });
  return rowCount ?? 0;
}
