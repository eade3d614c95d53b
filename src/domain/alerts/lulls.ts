// Whether so few deliveries or events in half a minute mean that something has stopped. Pure; called every few seconds for all
// that is usually busy. docs/alerts.md explains the method and its numbers.
import { type Baseline, bandOf, type rules, warmUpWindows, windowMinutes } from './bands.ts';

/** The rule looks at the last seconds only. */
export const lullSeconds = 30;
const lullsInWindow = (windowMinutes * 60) / lullSeconds;
/** It is a lull with at most this share of the usual number. */
const mostShare = 0.2;
/** An open alert stays open up to this share, so that it does not open and close again and again. */
const staysShare = 0.5;
/** So rare must a lull be by chance: e^-21, which is 1 in 1,300,000,000. */
const rarity = 21;

/** Less is usual than this in a window: even silence would not be rare enough. */
export const leastMean = Math.ceil((rarity / (1 - mostShare + mostShare * Math.log(mostShare))) * lullsInWindow);

export interface Lull {
  /** The usual number in `lullSeconds`. */
  usual: number;
  /** At most so many are a lull. */
  most: number;
  /** More than so many end it. */
  stays: number;
}

/** Null: too little is usual, or it varies too much. */
export function lullOf(usual: Baseline, rule: (typeof rules)['volume' | 'ingest']): Lull | null {
  if (usual.windows < warmUpWindows || usual.mean < leastMean) return null;
  const low = Math.min(bandOf(usual, rule)?.low ?? -1, mostShare * usual.mean);
  if (low < 0) return null;
  return {
    usual: usual.mean / lullsInWindow,
    most: Math.floor(low / lullsInWindow),
    stays: Math.floor((staysShare * usual.mean) / lullsInWindow),
  };
}

/** The half hour before a lull, in slots: one begins every `slotEverySeconds`. */
export interface SlotSums {
  slots: number;
  /** Of the numbers in the slots, of which each is `mostInSlot` at most: their sum, and the sum of their squares. */
  sum: number;
  squares: number;
  /** So many times there was nothing from the begin of a slot to that of the next. */
  gaps: number;
}

export const slotEverySeconds = 10;
export const mostInSlot = 200;
const usualInSlot = 50;

/** A slot is so long that it usually holds 50, and no longer than the time to the next one. */
export function slotMs({ usual }: Pick<Lull, 'usual'>): number {
  return Math.max(1, Math.min(slotEverySeconds * 1_000, (usualInSlot * lullSeconds * 1_000) / usual));
}

/**
 * Whether `count` in the last half minute is too rare to be chance. What comes in batches varies more than by its square root:
 * its dispersion is what the slots have shown. What had a gap of ten seconds before may have one of thirty.
 */
export function isRare(count: number, { usual }: Pick<Lull, 'usual'>, { slots, sum, squares, gaps }: SlotSums): boolean {
  if (slots === 0 || sum === 0 || gaps > 0) return false;
  const mean = sum / slots;
  const dispersion = Math.max(1, (squares / slots - mean * mean) / mean);
  const ratio = count / usual;
  if (ratio >= 1) return false;
  // the bound of Chernoff for a Poisson variable, of batches as large as the dispersion
  return (usual / dispersion) * (1 - ratio + (ratio > 0 ? ratio * Math.log(ratio) : 0)) >= rarity;
}

/** Whether silence would be chance, too: there is no use in asking again soon. */
export function hasGaps(lull: Pick<Lull, 'usual'>, sums: SlotSums): boolean {
  return !isRare(0, lull, sums);
}

const quietShare = 0.5;
const aroundMinutes = 10;

/**
 * Whether it became quiet at this time of another day, too: a window that begins at most ten minutes before or after it has
 * half of `usual` or less, after an hour in which there was something. `minutes`: how many there were, by the minutes since
 * this time on that day, from -60 to 59. `usual`: in a window now.
 */
export function wasQuiet(minutes: ReadonlyMap<number, number>, usual: number): boolean {
  const sumOf = (from: number, to: number) => {
    let sum = 0;
    for (let minute = from; minute < to; minute++) sum += minutes.get(minute) ?? 0;
    return sum;
  };
  if (sumOf(-60, -aroundMinutes) === 0) return false;
  for (let from = -aroundMinutes; from <= aroundMinutes; from++) if (sumOf(from, from + windowMinutes) <= quietShare * usual) return true;
  return false;
}
