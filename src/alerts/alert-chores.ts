// The periodic work of alerts: checks, opens and closes alerts, and sends what is due. Any process runs it, workers and API
// servers alike, so that it also tells that no worker is running. A run may be repeated or overlap: alerts are unique, and
// each notification is claimed.
import type { Chore } from '#chores/chores';
import { announceChanges } from '#db/alerts/announcements';
import { announceDigests } from '#db/alerts/digests';
import { reconcile } from '#db/alerts/reconcile';
import { tendChannels } from '#db/alerts/system-tenant';
import type { Db } from '#db/store/pool';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { createBandChecks } from './band-checks.ts';
import type { ChannelSender } from './channel-sender.ts';
import { createQuickChecks, slowChecks } from './checks.ts';
import { sendDue } from './send-due.ts';
import { dropLeftOvers } from './webhook.ts';

/** The comparison with usual figures takes at most this share of the time: with many endpoints it is rarer. */
const share = 0.02;
const longestPauseMs = 30_000;

export interface AlertChoresDeps {
  db: Db;
  channels: Pick<ChannelSender, 'send'>;
  log: Logger;
  timings: Timings['alerts'];
  disableAfterMs: number;
  temporalTrouble(): Promise<string | null>;
  /** Called after each run of the checks: this process has seen PostgreSQL last. */
  ran?: () => void;
}

export function createAlertChores({ db, channels, log, timings, disableAfterMs, temporalTrouble, ran }: AlertChoresDeps): Chore[] {
  const { everyMs, slowEveryMs, claimMs, sendMs } = timings;
  const check = createQuickChecks({ db, times: { ...timings, disableAfterMs }, temporalTrouble });
  const checkBands = createBandChecks(db);
  return [
    {
      name: 'alerts',
      everyMs,
      claimMs,
      async run(_signal, work) {
        const { conditions, checked } = await check(work);
        const reconciles = work.openAlerts || conditions.length > 0;
        if (reconciles) await reconcile(db, conditions, checked);
        const told = reconciles || work.untoldAlerts ? await announceChanges(db) : 0;
        if (work.digests) await announceDigests(db, Date.now());
        ran?.();
        if (told > 0 || work.digests || work.notifications) await sendDue({ db, channels, log, claimMs, runMs: sendMs });
      },
    },
    {
      name: 'alerts-slow',
      everyMs: slowEveryMs,
      claimMs,
      pauseMs: (tookMs) => Math.min(longestPauseMs, tookMs / share),
      async run(_signal, work) {
        const { conditions, checked } = await slowChecks(db, timings, work);
        const unusual = work.figures || work.openAlerts ? await checkBands() : { conditions: [], checked: [] };
        const all = [...conditions, ...unusual.conditions];
        if (work.openAlerts || all.length > 0) await reconcile(db, all, [...checked, ...unusual.checked]);
        if (!work.channels) return;
        await tendChannels(db);
        await dropLeftOvers({ db });
      },
    },
  ];
}
