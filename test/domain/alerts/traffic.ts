// Simulated traffic, and the rule for lulls as the checks apply it to it: every ten seconds, with what was learnt before.
import { type Baseline, learn, rules, windowMinutes } from '#domain/alerts/bands';
import { hasGaps, isRare, lullOf, lullSeconds, mostInSlot, type SlotSums, slotEverySeconds, slotMs } from '#domain/alerts/lulls';

const second = 1_000;
export const hour = 3_600 * second;
const windowMs = windowMinutes * 60 * second;

/** Numbers from 0 to 1, the same ones for the same seed. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Times of arrival in milliseconds, at `perSecond(time)` on the average, in batches of `size`. */
export function arrivals(untilMs: number, perSecond: (ms: number) => number, roll: () => number, size = 1): number[] {
  const times: number[] = [];
  const highest = Math.max(...Array.from({ length: 97 }, (_, index) => perSecond((index * untilMs) / 96)));
  for (let at = 0; ; ) {
    at += (-Math.log(1 - roll()) * second * size) / highest;
    if (at >= untilMs) return times;
    if (roll() < perSecond(at) / highest) for (let one = 0; one < size; one++) times.push(at);
  }
}

/** How many are before the time. */
function before(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** When alerts opened. A check is made `phase` milliseconds after each ten seconds. */
export function alertsOf(times: readonly number[], untilMs: number, phase = 0): number[] {
  const between = (from: number, to: number) => before(times, to) - before(times, from);
  const opened: number[] = [];
  let baseline: Baseline | null = null;
  let isOpen = false;
  let restUntil = 0;
  for (let now = phase; now < untilMs; now += 10 * second) {
    if (now % windowMs < 10 * second && now >= windowMs) {
      const end = Math.floor(now / windowMs) * windowMs;
      baseline = learn(baseline, between(end - windowMs, end), rules.volume);
    }
    const lull = baseline && lullOf(baseline, rules.volume);
    const count = between(now - lullSeconds * second, now);
    if (isOpen || !lull || count > lull.most || now < restUntil) {
      const lasts: boolean = isOpen && lull !== null && count <= lull.stays;
      // one that was brief: the next twelve hours are left to the windows
      if (isOpen && !lasts && now - (opened.at(-1) ?? 0) < 600 * second) restUntil = now + 12 * hour;
      isOpen = lasts;
      continue;
    }
    const sums = slots(between, now, slotMs(lull));
    if (hasGaps(lull, sums)) restUntil = now + 1_800 * second;
    else if (isRare(count, lull, sums)) {
      isOpen = true;
      opened.push(now);
    }
  }
  return opened;
}

/** Without what falls into pauses: the times of going on and off are random, of these lengths on the average. */
export function withPauses(times: readonly number[], onMs: number, offMs: number, roll: () => number): number[] {
  let [until, isOn] = [0, false];
  return times.filter((at) => {
    for (; until <= at; isOn = !isOn) until -= Math.log(1 - roll()) * (isOn ? offMs : onMs);
    return isOn;
  });
}

/** The same number at each multiple of a period, within three seconds, and up to `lateMs` late. */
export function scheduled(untilMs: number, everyMs: number, size: number, lateMs: number, roll: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; at < untilMs; at += everyMs) {
    const late = at + roll() * lateMs;
    for (let one = 0; one < size; one++) times.push(late + (one * 3 * second) / size);
  }
  return times;
}

function slots(between: (from: number, to: number) => number, now: number, ms: number): SlotSums {
  const sums = { slots: 0, sum: 0, squares: 0, gaps: 0 };
  for (let at = now - 1_920 * second; at <= now - 120 * second; at += slotEverySeconds * second) {
    const count = Math.min(mostInSlot, between(at, at + ms));
    sums.slots++;
    sums.sum += count;
    sums.squares += count * count;
    if (count === 0 && between(at, at + slotEverySeconds * second) === 0) sums.gaps++;
  }
  return sums;
}
