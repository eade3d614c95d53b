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
const longestPauseMs = 20_000;

export interface AlertChoresDeps {
  db: Db;
  channels: Pick<ChannelSender, 'send'>;
  log: Logger;
  timings: Timings['alerts'];
  disableAfterMs: number;
  temporalTrouble(): Promise<string | null>;
  /** Called when this process has claimed a run of the checks: it has seen PostgreSQL last, also if the run itself fails. */
  ran?: () => void;
}

export function createAlertChores({ db, channels, log, timings, disableAfterMs, temporalTrouble, ran }: AlertChoresDeps): Chore[] {
  const { everyMs, slowEveryMs, claimMs, sendMs } = timings;
  const check = createQuickChecks({ db, times: { ...timings, disableAfterMs }, temporalTrouble });
  const checkBands = createBandChecks(db, timings.settledMs);
  const send = (signal: AbortSignal) => sendDue({ db, channels, log, claimMs, runMs: sendMs, signal });
  let comparedMs = 0;
  return [
    {
      name: 'alerts',
      everyMs,
      claimMs,
      async run(signal, work) {
        ran?.();
        const isCurrent = currentFor(claimMs);
        const { conditions, checked } = await check(work);
        signal.throwIfAborted();
        const reconciles = isCurrent() && (work.openAlerts || conditions.length > 0);
        if (reconciles) await reconcile(db, conditions, checked);
        signal.throwIfAborted();
        const told = reconciles || work.untoldAlerts ? await announceChanges(db) : 0;
        if (work.digests) await announceDigests(db, Date.now());
        if (told > 0 || work.digests || work.notifications) await send(signal);
      },
    },
    {
      name: 'alerts-slow',
      everyMs: slowEveryMs,
      claimMs,
      pauseMs: () => Math.min(longestPauseMs, comparedMs / share),
      async run(signal, work) {
        const beganMs = performance.now();
        const isCurrent = currentFor(claimMs);
        const { conditions, checked } = await slowChecks(db, timings, work);
        signal.throwIfAborted();
        const unusual = work.figures || work.openAlerts ? await checkBands() : { conditions: [], checked: [] };
        const all = [...conditions, ...unusual.conditions];
        const reconciles = isCurrent() && (work.openAlerts || all.length > 0);
        if (reconciles) await reconcile(db, all, [...checked, ...unusual.checked]);
        comparedMs = performance.now() - beganMs;
        signal.throwIfAborted();
        // now, and not when the other chore runs next
        if (reconciles && (await announceChanges(db)) > 0) await send(signal);
        if (!work.channels || signal.aborted) return;
        await tendChannels(db);
        await dropLeftOvers({ db });
      },
    },
  ];
}

/** False after so long: this process was suspended meanwhile, and others know more than what it has found. */
function currentFor(ms: number): () => boolean {
  const until = performance.now() + ms;
  return () => performance.now() < until;
}
