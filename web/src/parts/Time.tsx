// A time: relative under a day, else the date; `isDate`: always the date. The exact time, in the user's zone and in UTC, on hover and on focus.
import { useSyncExternalStore } from 'react';
import { exactTime, relativeTime, shortDate } from '../words/format.ts';
import { useWords } from '../words/words.tsx';

const dayMs = 86_400_000;
const everyMs = 5_000;
const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times of the page. It stands still while nobody looks. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) nowMs = Date.now();
  timer ??= setInterval(tick, everyMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  nowMs = Date.now();
  for (const listener of listeners) listener();
}

/** The time to which relative times refer, in Unix milliseconds. */
const useNow = (): number => useSyncExternalStore(subscribe, () => nowMs);

export interface TimeProps {
  at: string;
  /** After "since" and "until", where "4 min. ago" makes no sentence. */
  isDate?: boolean;
}

export function Time({ at, isDate = false }: TimeProps) {
  const words = useWords();
  useNow();
  const time = new Date(at);
  // not from the last tick: what came after it would be in the future
  const apart = time.getTime() - Date.now();
  const isShort = !isDate && Math.abs(apart) < dayMs;
  const text = !isShort ? shortDate(time, words.locale) : Math.abs(apart) < 1_000 ? words.justNow : relativeTime(apart, words.locale);
  return (
    <time dateTime={at} title={`${exactTime(time, words.locale)}\n${time.toISOString()}`}>
      {text}
    </time>
  );
}
