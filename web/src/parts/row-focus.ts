// The focus on a row of a list: given by keys, and given back when somebody returns to the list.
import { useEffect, useEffectEvent } from 'react';
import { keepPlace } from './kept-place.ts';

export const rowSelector = '#content [data-row]';

export function focusRow(row: HTMLElement): void {
  const target = row.matches('button, a') ? row : (row.querySelector<HTMLElement>('.row-link') ?? row);
  if (target === row && !row.matches('button, a')) row.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/** Remembers the row that has the focus, also by a click. Returns what ends it. */
export function keepRowInUse(): () => void {
  const onFocus = ({ target }: FocusEvent) => {
    const row = target instanceof Element ? target.closest<HTMLElement>(rowSelector)?.dataset.row : undefined;
    if (row !== undefined) keepPlace({ row });
  };
  document.addEventListener('focusin', onFocus);
  return () => document.removeEventListener('focusin', onFocus);
}

/** Lists have only the rows in view in the page: each brings a row of its own there. */
const seekers = new Set<(id: string) => void>();

export function useRowSeeker(seek: (id: string) => void): void {
  const latest = useEffectEvent(seek);
  useEffect(() => {
    const seeker = (id: string) => latest(id);
    seekers.add(seeker);
    return () => void seekers.delete(seeker);
  }, []);
}

export function isInView(row: HTMLElement): boolean {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** False: it is not there yet. `seeks`: lists go to it, since their place is not that of the row any more. */
export function returnToRow(id: string, seeks: boolean): boolean {
  const row = [...document.querySelectorAll<HTMLElement>(rowSelector)].find(({ dataset }) => dataset.row === id);
  if (row && !isInView(row)) row.scrollIntoView({ block: 'center' });
  if (row) focusRow(row);
  else if (seeks) for (const seek of seekers) seek(id);
  return row !== undefined;
}
