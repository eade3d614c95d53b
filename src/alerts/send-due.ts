// Sends the notifications that are due: channels at the same time, the messages of one channel in order. A message that is
// refused is tried again later, with longer and longer waits; those after it wait for a few seconds only.

import { readDigest } from '#db/alerts/digests';
import { claimDue, type DueNotification, type Fate, recordFate } from '#db/alerts/notifications';
import type { Db } from '#db/store/pool';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import type { Logger } from '#runtime/logger';
import type { ChannelSender } from './channel-sender.ts';
import type { Message } from './message.ts';

const atOnce = 50;
const waitsMs = [5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000];
/** One that is refused every time must not hold up a new one. */
const othersWaitMs = 15_000;
const givenUpAfterMs = 24 * 3_600_000;

export interface SendDueDeps {
  db: Db;
  channels: Pick<ChannelSender, 'send'>;
  log: Logger;
  /** No other process sends a claimed message for so long. Longer than the messages of a run take. */
  claimMs: number;
  /** No message is begun later than that in a run. */
  runMs: number;
  /** No message is begun after it is aborted. */
  signal?: AbortSignal | undefined;
}

/** Until nothing is due: that some channels fail must not let the others wait. */
export async function sendDue(deps: SendDueDeps): Promise<void> {
  const until = performance.now() + deps.runMs;
  while (!deps.signal?.aborted && performance.now() < until && (await sendSome(deps, until)) > 0);
}

/** Returns how many were due. */
async function sendSome(deps: SendDueDeps, until: number): Promise<number> {
  const due = await claimDue(deps.db, deps.claimMs, atOnce);
  const groups = new Map<string, DueNotification[]>();
  for (const one of due) groups.set(one.channel.id, [...(groups.get(one.channel.id) ?? []), one]);
  await Promise.all([...groups.values()].map((group) => sendGroup(deps, group, until)));
  return due.length;
}

async function sendGroup(deps: SendDueDeps, group: DueNotification[], until: number): Promise<void> {
  let failed: Fate | null = null;
  for (const one of group) {
    const isLate = deps.signal?.aborted || performance.now() > until;
    const fate: Fate = failed ?? (isLate ? { kind: 'released', inMs: 0 } : await sendOne(deps, one));
    // the messages after a failed one have not failed themselves: the channel may refuse only that one
    await recordFate(deps.db, one, fate);
    if (fate.kind === 'failed') failed = { kind: 'released', inMs: Math.min(fate.retryInMs ?? othersWaitMs, othersWaitMs) };
  }
}

async function sendOne({ db, channels, log }: SendDueDeps, one: DueNotification): Promise<Fate> {
  const { channel, event, attempts } = one;
  const shown = { channel: channel.id, kind: channel.kind, event, alert: one.alert?.id };
  try {
    const message = await messageOf(db, one);
    if (!message) return { kind: 'needless' };
    await channels.send(channel, message, one.id);
    log.info(shown, 'alert.sent');
    return { kind: 'sent' };
  } catch (error) {
    const isOld = Date.now() - one.createdAt.getTime() > givenUpAfterMs;
    const retryInMs = isOld ? null : (waitsMs[Math.min(attempts, waitsMs.length) - 1] ?? null);
    log.warn({ err: error, ...shown, attempts, retryInMs }, 'alert.not_sent');
    // any other error is internal: its text is for the log only
    return { kind: 'failed', error: error instanceof ChannelRefused ? error.message : 'internal error; see the log', retryInMs };
  }
}

/** Null: there is nothing to tell. */
async function messageOf(db: Db, { event, alert, channel }: DueNotification): Promise<Message | null> {
  if (event === 'digest') {
    const alerts = await readDigest(db, channel);
    return alerts.length > 0 ? { kind: 'digest', alerts } : null;
  }
  return alert && { kind: 'alert', event, alert };
}
