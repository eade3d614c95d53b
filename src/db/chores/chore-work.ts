// What the chores of every few seconds would find, in one small question: while little happens, nearly all its answers are no.
// It reads what is stored, so it does not matter which process stored it, or whether that crashed.
import type { Timings } from '#domain/timings';
import { isDigestDue } from '../alerts/digests.ts';
import { isDisabled, isFailingHealth, isFailingLane, isNewDeadLetter } from '../alerts/endpoint-checks.ts';
import { isQuarantined } from '../alerts/engine-checks.ts';
import { expiring } from '../alerts/expiry-checks.ts';
import { isDue } from '../alerts/notifications.ts';
import { isLate } from '../deliveries/delivery-refs.ts';
import { temporalErrorSql } from '../events/relays.ts';
import { isLeft } from '../replays/open-replays.ts';
import { hasMinutesSql } from '../stats/roll-up.ts';
import { type StoredMarkers, storedMarkersSql } from '../stats/stored-markers.ts';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { workersSql } from '../store/worker-lease.ts';

/** A boolean is true if there are such rows. */
export interface ChoreWork {
  failing: boolean;
  disabled: boolean;
  deadLetters: boolean;
  /** The quarantine or the outbox is not empty, or no worker runs. */
  engine: boolean;
  /** Of a relay that cannot use Temporal. Undefined: not asked. */
  temporalError: string | null | undefined;
  openAlerts: boolean;
  untoldAlerts: boolean;
  digests: boolean;
  notifications: boolean;
  overdue: boolean;
  expiring: boolean;
  /** Alert channels, also deleted ones. */
  channels: boolean;
  /** What the comparison with usual figures needs: figures of the last minutes, or something learnt in the last day. */
  figures: boolean;
  replays: boolean;
  /** A minute of the statistics can be made final. */
  minutes: boolean;
  /** Null: unknown. */
  stored: StoredMarkers | null;
}

/** There may be work of every kind. */
export const allWork: ChoreWork = {
  failing: true,
  disabled: true,
  deadLetters: true,
  engine: true,
  temporalError: undefined,
  openAlerts: true,
  untoldAlerts: true,
  digests: true,
  notifications: true,
  overdue: true,
  expiring: true,
  channels: true,
  figures: true,
  replays: true,
  minutes: true,
  stored: null,
};

export async function findChoreWork(db: Db, { alerts, replays }: Pick<Timings, 'alerts' | 'replays'>): Promise<ChoreWork> {
  const exists = (rows: string) => `exists (select from ${rows})`;
  const overdueMs = String(alerts.overdueMs);
  const left = isLeft(String(replays.unsignalledAfterMs), String(replays.idleAfterMs));
  const question = {
    name: `chore_work_${overdueMs}_${replays.unsignalledAfterMs}_${replays.idleAfterMs}`,
    text: `
      select
        ${exists(`lanes where ${isFailingLane}`)} or ${exists(`endpoint_health where ${isFailingHealth}`)} as failing,
        ${exists(`endpoints where ${isDisabled}`)} as disabled,
        ${exists(`deliveries where ${isNewDeadLetter}`)} as "deadLetters",
        ${exists(`deliveries where ${isQuarantined}`)} or ${exists('outbox')} or ${workersSql} = 0 as engine,
        ${temporalErrorSql} as "temporalError",
        ${exists(`alerts where state <> 'closed'`)} as "openAlerts",
        ${exists('alerts where untold')} as "untoldAlerts",
        ${exists(`alert_channels where ${isDigestDue}`)} as digests,
        ${exists(`alert_notifications where ${isDue}`)} as notifications,
        ${exists(`deliveries where ${isLate.withWorkflow(overdueMs)}`)} or ${exists(`deliveries where ${isLate.pumped(overdueMs)}`)} as overdue,
        ${exists(`endpoints where ${expiring.certificate}`)} or ${exists(`endpoint_secrets where ${expiring.secret}`)}
          or ${exists(`api_keys where ${expiring.key}`)} as expiring,
        ${exists('alert_channels')} as channels,
        ${exists(`stats_minutes where id = '00000000-0000-0000-0000-000000000000' and at > now() - interval '10 minutes'`)}
          or ${exists(`alert_baselines where learnt_until > now() - interval '25 hours'`)} as figures,
        ${exists(`replays r where ${left}`)} as replays,
        ${hasMinutesSql} as minutes,
        stored.counted, stored.waiting
      from (${storedMarkersSql}) as stored`,
  };
  const { rows } = await inTransaction(db, (client) => queryPlannedOnce<Omit<ChoreWork, 'stored'> & StoredMarkers>(client, question));
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL gave no answer');
  const { counted, waiting, ...work } = row;
  return { ...work, stored: { counted, waiting } };
}
