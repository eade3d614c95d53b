// Finds what is usually busy and has nearly stopped in the last half minute: deliveries for an endpoint, or accepted events.
// Asks more about the few that look so. What is not busy enough is left to the windows of five minutes (band-checks.ts).
import { platformId, readOpenEndpoints } from '#db/alerts/baselines';
import {
  type Busy,
  type LullFacts,
  readBusy,
  readLullFacts,
  readOtherDays,
  readRecentCounts,
  readSlots,
  type Suspect,
} from '#db/alerts/recent-counts';
import type { Db } from '#db/store/pool';
import { type Condition, installation } from '#domain/alerts/alert';
import { rules } from '#domain/alerts/bands';
import { about, isJudged, ours } from '#domain/alerts/conditions';
import { hasGaps, isRare, leastMean, lullOf, lullSeconds, wasQuiet } from '#domain/alerts/lulls';

export interface FoundLulls {
  conditions: Condition[];
  /** False: what is open stays open, because Posthorn itself may be at fault. */
  isCertain: boolean;
}

/** The most that are asked about in a run; the others follow in the next ones. */
const mostSuspects = 50;
/** What is often so quiet is not asked about again for so long. */
const restMs = 1_800_000;
interface Quiet extends Suspect {
  count: number;
  /** In a window of five minutes. */
  mean: number;
}

/** Judges nothing in its first `settledMs`. */
export function createLullChecks(db: Db, settledMs: number): () => Promise<FoundLulls> {
  const beganAt = performance.now();
  const restUntil = new Map<string, number>();

  /** Those for which so little is usual neither in the half hour before nor at this time of the day or the week. */
  async function confirmed(suspects: readonly Quiet[], now: Date): Promise<Quiet[]> {
    if (suspects.length === 0) return [];
    const ids = suspects.map(({ id }) => id);
    const [slots, days] = await Promise.all([readSlots(db, suspects), readOtherDays(db, ids, now)]);
    return suspects.filter(({ id, lull, count, mean }) => {
      const sums = slots.get(id);
      const isUsual = !sums || hasGaps(lull, sums) || (days.get(id) ?? []).some((minutes) => wasQuiet(minutes, mean));
      if (isUsual) restUntil.set(id, performance.now() + restMs);
      return !isUsual && isRare(count, lull, sums);
    });
  }

  /** What is open lasts while it is still quiet. What is quiet and not open has to be confirmed. */
  function quietOf(busy: readonly Busy[], counts: ReadonlyMap<string, number>, { open, brief, isBehind }: LullFacts) {
    const nowMs = performance.now();
    for (const [id, until] of restUntil) if (until < nowMs) restUntil.delete(id);
    const [lasting, suspects]: [Quiet[], Quiet[]] = [[], []];
    for (const { id, ...usual } of busy) {
      const isPlatform = id === platformId;
      const lull = lullOf(usual, isPlatform ? rules.ingest : rules.volume);
      if (!lull) continue;
      const one = { id, lull, count: counts.get(id) ?? 0, mean: usual.mean };
      const subject = isPlatform ? installation : id;
      const isOpen = open.has(subject);
      if (isOpen && one.count <= lull.stays) lasting.push(one);
      const isDoubted = restUntil.has(id) || brief.has(subject) || (isBehind && !isPlatform);
      if (!isOpen && !isDoubted && one.count <= lull.most) suspects.push(one);
    }
    return { lasting, suspects: suspects.slice(0, mostSuspects) };
  }

  async function conditionsOf(quiet: readonly Quiet[]): Promise<Condition[]> {
    if (quiet.length === 0) return [];
    const endpoints = await readOpenEndpoints(
      db,
      quiet.map(({ id }) => id),
    );
    return quiet.flatMap(({ id, lull, count }) => {
      const facts = { seconds: lullSeconds, now: count, usual: Math.round(lull.usual) };
      if (id === platformId) return [ours('ingest.abnormal', 'warning', 1, facts)];
      const endpoint = endpoints.get(id);
      return endpoint && isJudged(endpoint) ? [about(endpoint, 'endpoint.volume', 'warning', 1, facts)] : [];
    });
  }

  return async () => {
    const busy = await readBusy(db, leastMean);
    if (busy.length === 0) return { conditions: [], isCertain: true };
    const facts = await readLullFacts(db, settledMs);
    if (facts.isUnsettled || performance.now() - beganAt < settledMs) return { conditions: [], isCertain: false };
    const { lasting, suspects } = quietOf(busy, await readRecentCounts(db), facts);
    const conditions = await conditionsOf([...lasting, ...(await confirmed(suspects, facts.now))]);
    return { conditions, isCertain: !facts.isBehind };
  };
}
