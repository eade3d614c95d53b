// Leaves out what is less than usual for a reason that is known.
import { platformId } from '#db/alerts/baselines';
import { readLullFacts, readOtherDays } from '#db/alerts/recent-counts';
import type { Db } from '#db/store/pool';
import { type Condition, installation } from '#domain/alerts/alert';
import { wasQuiet } from '#domain/alerts/lulls';

/**
 * Those of `tooFew` that have no open alert yet are left out if it was as quiet at this time a day or a week before, or if
 * Posthorn itself was at fault. `meanOf`: what is usual in a window, by the UUID of an endpoint or `platformId`.
 */
export async function withoutUsual(db: Db, tooFew: readonly Condition[], meanOf: (id: string) => number): Promise<Condition[]> {
  if (tooFew.length === 0) return [];
  const { wasBroken, open, now } = await readLullFacts(db, 0);
  const idOf = ({ subject }: Condition) => (subject === installation ? platformId : subject);
  const fresh = wasBroken ? [] : tooFew.filter(({ subject }) => !open.has(subject));
  const days = await readOtherDays(db, fresh.map(idOf), now);
  const isUsual = (id: string) => (days.get(id) ?? []).some((minutes) => wasQuiet(minutes, meanOf(id)));
  return tooFew.filter((one) => open.has(one.subject) || (!wasBroken && !isUsual(idOf(one))));
}
