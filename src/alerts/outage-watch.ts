// Tells the operator that PostgreSQL does not answer, from what this process has in memory; and stores the alert when
// PostgreSQL is back. Webhook channels are left out: they are sent through PostgreSQL.

import type { StoredChannel } from '#db/alerts/channel-row';
import { type OutagePlan, readOutagePlan, recordOutage } from '#db/alerts/outages';
import { isStoreAway } from '#db/store/errors';
import type { Db } from '#db/store/pool';
import type { AlertView } from '#domain/alerts/alert';
import { alertText } from '#domain/alerts/alert-text';
import { takes } from '#domain/alerts/routing';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { LookTimer } from '#runtime/look-timer';
import type { ChannelSender } from './channel-sender.ts';

export interface OutageWatchDeps {
  db: Db;
  channels: Pick<ChannelSender, 'send'>;
  log: Logger;
  timings: Timings['alerts'];
  /** Such as host and process id. */
  processName: string;
  /** When this process began to run the checks last, by the monotonic clock. */
  checkedAtMs(): number;
}

interface Plan extends OutagePlan {
  /** When any process began to run the checks last, by the monotonic clock of this one. */
  checkedByAnyMs: number;
}

interface Outage {
  sinceMs: number;
  since: Date;
  trouble: string;
  told: Set<string>;
}

/**
 * The process that ran the checks last tells all channels. Every other process waits as long again and tells PagerDuty only,
 * in case that process is gone as well: PagerDuty sees one incident, because all processes know the same id.
 */
export function watchForOutage(deps: OutageWatchDeps): { stop(): Promise<void> } {
  const { db, log, timings } = deps;
  let plan: Plan | null = null;
  const read = async (): Promise<Plan> => {
    const beganMs = performance.now();
    const found = await readOutagePlan(db);
    return { ...found, checkedByAnyMs: beganMs - (found.checkedMsAgo ?? 0) };
  };
  let outage: Outage | null = null;

  async function look(): Promise<number> {
    const beganMs = performance.now();
    const began = new Date();
    const found = await read().catch((error: unknown) => {
      if (!isStoreAway(error)) throw error;
      return error as Error;
    });
    if (found instanceof Error) {
      outage ??= { sinceMs: beganMs, since: began, trouble: found.message, told: new Set() };
      if (plan) await tell(deps, plan, outage);
      return Math.min(timings.watchEveryMs, timings.awayMs / 3);
    }
    if (outage && outage.told.size > 0 && plan) {
      await recordOutage(db, { alertId: plan.alertId, since: outage.since, facts: factsOf(deps, outage), told: [...outage.told] });
      outage = null;
      plan = await read();
    } else {
      outage = null;
      plan = found;
    }
    return timings.watchEveryMs;
  }

  const timer = new LookTimer({ look, failed: (err) => log.warn({ err }, 'outage.not_watched'), gapMs: () => 0 });
  timer.within(0);
  return { stop: () => timer.stop() };
}

async function tell(deps: OutageWatchDeps, plan: Plan, outage: Outage): Promise<void> {
  const { channels, log, timings, checkedAtMs } = deps;
  const forMs = performance.now() - outage.sinceMs;
  if (forMs < timings.awayMs) return;
  // the clocks of two machines may run apart a little, and two runs are further apart than that
  const hasChecked = checkedAtMs() + timings.everyMs / 2 >= plan.checkedByAnyMs;
  const alert = alertOf(deps, plan, outage);
  const wanted = (channel: StoredChannel) =>
    (channel.kind === 'pagerduty' ? hasChecked || forMs >= 2 * timings.awayMs : hasChecked && channel.kind !== 'webhook') &&
    !channel.digestOnly &&
    !outage.told.has(channel.id) &&
    takes(channel, { ...alert, tenantId: null });
  await Promise.all(
    plan.channels.filter(wanted).map(async (channel) => {
      try {
        await channels.send(channel, { kind: 'alert', event: 'opened', alert }, alert.id);
        outage.told.add(channel.id);
        log.info({ channel: channel.id, kind: channel.kind, event: 'opened', alert: alert.id }, 'alert.sent');
      } catch (error) {
        log.warn({ err: error, channel: channel.id, kind: channel.kind, alert: alert.id }, 'alert.not_sent');
      }
    }),
  );
}

function factsOf({ processName }: OutageWatchDeps, { since, trouble }: Outage): Record<string, string> {
  return { process: processName, since: since.toISOString(), trouble: trouble.slice(0, 300) };
}

function alertOf(deps: OutageWatchDeps, plan: OutagePlan, outage: Outage): AlertView {
  const facts = factsOf(deps, outage);
  return {
    id: plan.alertId,
    kind: 'postgres.unreachable',
    severity: 'critical',
    state: 'open',
    tenant: null,
    endpoint: null,
    ...alertText('postgres.unreachable', facts, 1),
    facts,
    count: 1,
    openedAt: outage.since.toISOString(),
    closedAt: null,
    acknowledgedAt: null,
  };
}
