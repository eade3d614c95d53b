// The focus on a row of a list: given by keys, and given back when somebody returns to the list.
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

/** False: it is not there yet. */
export function returnToRow(id: string): boolean {
  const row = [...document.querySelectorAll<HTMLElement>(rowSelector)].find(({ dataset }) => dataset.row === id);
  if (row) focusRow(row);
  return row !== undefined;
}
