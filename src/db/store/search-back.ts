// Searches a partitioned table for rare rows, from the newest day back: one day first, then more days at once while that is quick.
import { firstUuidAt, unixMsOf } from '#domain/ids';

const dayMs = 24 * 3_600_000;
/** A statement that took longer is followed by one for as many days, not more. */
const quickMs = 40;
/** Past so many days, all that is left is searched at once: older partitions are few, or none. */
const mostDays = 128;

export interface Span {
  /** UUIDs: from `from` on, and below `below`. */
  from: string;
  below: string;
}

export interface FoundBack {
  ids: string[];
  /** The UUID below which the search goes on; null: nothing is left, or enough was found. */
  goesOn: string | null;
}

/**
 * `find` returns the ids of a span, newest first, at most so many. Ends when `limit` are found, at the end of the span, or after
 * the first statement that ends past `deadline` (of `performance.now()`).
 */
export async function searchBack(
  find: (span: Span, limit: number) => Promise<string[]>,
  { from, below }: Span,
  limit: number,
  deadline: number,
): Promise<FoundBack> {
  const ids: string[] = [];
  let top = below;
  for (let days = 1; ; ) {
    const lowest = lowestOf(from, top, days);
    const beganAt = performance.now();
    ids.push(...(await find({ from: lowest, below: top }, limit - ids.length)));
    if (ids.length >= limit || lowest <= from) return { ids, goesOn: null };
    top = lowest;
    if (performance.now() > deadline) return { ids, goesOn: top };
    if (performance.now() - beganAt < quickMs) days *= 2;
  }
}

/** Midnights, so that no day is read twice. */
function lowestOf(from: string, top: string, days: number): string {
  if (days > mostDays) return from;
  const lastDay = Math.floor((unixMsOf(top) - 1) / dayMs);
  const lowest = firstUuidAt((lastDay - days + 1) * dayMs);
  return lowest > from ? lowest : from;
}
