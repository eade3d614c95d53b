// The checks behind the alerts. `quickChecks` reads what changes within seconds, `slowChecks` the rest.
import { mostChecked, readDeadLetters, readDisabled, readFailing } from '#db/alerts/endpoint-checks';
import { readEngineFacts } from '#db/alerts/engine-checks';
import { readExpiring } from '#db/alerts/expiry-checks';
import { allWork, type ChoreWork } from '#db/chores/chore-work';
import { readOverdue } from '#db/deliveries/delivery-refs';
import { readTemporalError } from '#db/events/relays';
import type { Db } from '#db/store/pool';
import type { AlertKind, Condition } from '#domain/alerts/alert';
import { about, type FailingTimes, failingConditions, ours } from '#domain/alerts/conditions';
import { type EngineFacts, engineConditions, expiryConditions } from '#domain/alerts/engine-conditions';
import { answeredStatus } from '#domain/deliveries/answered-status';

export interface Found {
  conditions: Condition[];
  /** The kinds that were looked for completely. */
  checked: AlertKind[];
}

export interface CheckTimes extends FailingTimes {
  /** An event may wait in the outbox for so long. */
  backlogOldMs: number;
  /** For so long no worker may be seen, or Temporal fail, before it is told: a restart takes a moment. */
  awayMs: number;
}

interface QuickDeps {
  db: Db;
  times: CheckTimes;
  /** What is wrong with Temporal for this process. */
  temporalTrouble(): Promise<string | null>;
}

const calm: EngineFacts = { quarantined: 0, quarantineMessage: null, oldestWaiting: null, workers: 1, workerSeenAt: null };

/** Remembers since when this process has found no worker, or trouble with Temporal. */
export function createQuickChecks({ db, times, temporalTrouble }: QuickDeps): (work?: ChoreWork) => Promise<Found> {
  const noWorker = lasting(times.awayMs);
  const inTrouble = lasting(times.awayMs);

  async function checkEngine(work: ChoreWork): Promise<Found> {
    const [engine, own] = await Promise.all([work.engine ? readEngineFacts(db) : calm, temporalTrouble()]);
    const trouble = own ?? (work.temporalError === undefined ? await readTemporalError(db) : work.temporalError);
    const nowMs = Date.now();
    const [workers, temporal] = [noWorker(engine.workers === 0), inTrouble(trouble !== null)];
    const since = engine.workerSeenAt?.toISOString() ?? 'the start';
    return {
      conditions: [
        ...engineConditions(engine, nowMs, times),
        ...(workers === 'lasts' ? [ours('workers.missing', 'critical', 1, { since })] : []),
        ...(temporal === 'lasts' ? [ours('temporal.unreachable', 'critical', 1, { trouble: (trouble ?? '').slice(0, 300) })] : []),
      ],
      checked: [
        // a statement has run, so PostgreSQL answers
        ...(['deliveries.quarantined', 'backlog.old', 'postgres.unreachable'] as const),
        ...(workers === 'young' ? [] : (['workers.missing'] as const)),
        ...(temporal === 'young' ? [] : (['temporal.unreachable'] as const)),
      ],
    };
  }

  return async (work = allWork) => {
    const [endpoints, engine] = await Promise.all([checkEndpoints(db, times, work), checkEngine(work)]);
    return { conditions: [...endpoints.conditions, ...engine.conditions], checked: [...endpoints.checked, ...engine.checked] };
  };
}

/** Another process may check for hours. What was so before then says nothing about now. */
const forgetsAfterMs = 60_000;

/** Whether something lasts. `young`: not long enough to tell, and an alert that another process opened stays open. */
function lasting(ms: number): (isSo: boolean) => 'lasts' | 'young' | 'no' {
  let since: number | null = null;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (isSo) => {
    const now = performance.now();
    if (now - toldAt > forgetsAfterMs) since = null;
    toldAt = now;
    since = isSo ? (since ?? now) : null;
    if (since === null) return 'no';
    return now - since >= ms ? 'lasts' : 'young';
  };
}

async function checkEndpoints(db: Db, times: CheckTimes, work: ChoreWork): Promise<Found> {
  const [failing, disabled, deadLetters] = await Promise.all([
    work.failing ? readFailing(db, Math.min(times.failingAfterMs, times.disableAfterMs / 2)) : [],
    work.disabled ? readDisabled(db) : [],
    work.deadLetters ? readDeadLetters(db) : { isAll: true, endpoints: [] },
  ]);
  const nowMs = Date.now();
  const all = (kinds: AlertKind[], isAll: boolean) => (isAll ? kinds : []);
  return {
    conditions: [
      ...failing.flatMap((one) => failingConditions(one, nowMs, times)),
      ...disabled.map((one) => about(one, 'endpoint.disabled', 'critical', 1, { reason: one.reason })),
      ...deadLetters.endpoints.map(({ message, outcome, ...one }) => {
        const facts = { message, outcome, status: answeredStatus(message) };
        return about(one, 'deliveries.dead_lettered', 'warning', one.count, facts);
      }),
    ],
    checked: [
      ...all(['endpoint.failing', 'endpoint.disabling'], failing.length < mostChecked),
      ...all(['endpoint.disabled'], disabled.length < mostChecked),
      ...all(['deliveries.dead_lettered'], deadLetters.isAll),
    ],
  };
}

export async function slowChecks(db: Db, { overdueMs }: { overdueMs: number }, work = allWork): Promise<Found> {
  const nowMs = Date.now();
  const [overdue, expiring] = await Promise.all([
    work.overdue ? readOverdue(db, overdueMs) : { count: 0, since: null },
    work.expiring ? readExpiring(db) : [],
  ]);
  const late =
    overdue.since === null ? [] : [ours('deliveries.overdue', 'critical', overdue.count, { since: overdue.since.toISOString() })];
  const all = (kind: AlertKind, what: string) => (expiring.filter((one) => one.what === what).length < mostChecked ? [kind] : []);
  return {
    conditions: [...late, ...expiryConditions(expiring, nowMs)],
    checked: [
      'deliveries.overdue',
      ...all('certificate.expiring', 'certificate'),
      ...all('secret.expiring', 'secret'),
      ...all('key.expiring', 'key'),
    ],
  };
}
