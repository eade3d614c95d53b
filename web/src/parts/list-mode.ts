// Whether the columns of a table have room beside each other. Where they have not, its rows become lines (`data-list`).
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** As in the styles: under it, all tables are lists. */
const phonePx = 720;
const gapPx = 12;
const paddingPx = 8;
/** The narrowest column of text, and the widest one of a table. */
const [leastPx, leastOfWidestPx] = [72, 130];

/** The width from which each column can be read. `tracks`: `90px`, `minmax(0, 2fr)`, `minmax(180px, 1fr)`. */
function widthFor(tracks: readonly string[]): number {
  const shares = tracks.flatMap((track) => (track.startsWith('minmax(0,') ? [Number(/([\d.]+)fr/.exec(track)?.[1] ?? 1)] : []));
  const fixed = tracks.map((track) => Number(/(\d+)px/.exec(track)?.[1] ?? 0));
  const share = shares.length === 0 ? 0 : Math.max(leastPx / Math.min(...shares), leastOfWidestPx / Math.max(...shares));
  return sum(fixed) + share * sum(shares) + gapPx * (tracks.length - 1) + 2 * paddingPx;
}

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);

/** What each table was last: one that first showed columns would measure its rows too low. */
const before = new Map<string, boolean>();

export function useListMode(tracks: readonly string[], label: string): { table: RefObject<HTMLDivElement | null>; isList: boolean } {
  const table = useRef<HTMLDivElement>(null);
  const [isList, setIsList] = useState(() => before.get(label) ?? innerWidth < phonePx);
  const needed = widthFor(tracks);
  useLayoutEffect(() => {
    const element = table.current;
    if (!element) return;
    const look = () => setIsList(innerWidth < phonePx || element.clientWidth < needed);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [needed]);
  useEffect(() => void before.set(label, isList), [label, isList]);
  return { table, isList };
}
