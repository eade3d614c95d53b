// Whether the success rate of the last one to two minutes has dropped, before five minutes show it. Pure.
import { type Baseline, leastAttempts, warmUpWindows } from './bands.ts';

/** In percentage points: twice that of five minutes, so that a restart of a receiver is no drop. */
const leastDrop = 20;
/** So rare must it be by chance: e^-21, which is 1 in 1,300,000,000. */
const rarity = 21;
/** Nothing is expected to be accepted more surely than that. */
const highest = 0.995;

/** `usual`: of the success rate in percent. */
export function hasDropped({ delivered, attempts }: { delivered: number; attempts: number }, usual: Baseline): boolean {
  const deviation = Math.sqrt(usual.variance);
  if (usual.windows < warmUpWindows || attempts < leastAttempts) return false;
  const rate = delivered / attempts;
  if (100 * rate >= usual.mean - Math.max(leastDrop, 4 * deviation)) return false;
  const expected = Math.min(highest, (usual.mean - deviation) / 100);
  // the bound of Chernoff for a binomial variable
  const part = (share: number, of: number) => (share > 0 ? share * Math.log(share / of) : 0);
  return attempts * (part(rate, expected) + part(1 - rate, 1 - expected)) >= rarity;
}
