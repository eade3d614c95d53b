// Moves through the rows of the page's lists. The row that is in use is the one that has the focus.
import { keptPlace } from '../../../parts/kept-place.ts';
import { focusRow, isInView, rowSelector } from '../../../parts/row-focus.ts';

/** Goes to the next or the previous row, from the focus on, else to the first one in view. */
export function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(rowSelector)];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? firstRow(rows) : rows[at + by];
  if (!next) return;
  // not under the bars at the top and the bottom
  next.scrollIntoView({ block: 'center' });
  focusRow(next);
}

/** The row that was in use last, if it is in view. */
function firstRow(rows: HTMLElement[]): HTMLElement | undefined {
  const inView = rows.filter(isInView);
  const { row: last } = keptPlace();
  return inView.find(({ dataset }) => dataset.row === last) ?? inView[0] ?? rows[0];
}

/** Selects the row in use, or takes it out. False: there is none that can be selected. */
export function toggleRow(): boolean {
  const row = document.activeElement?.closest(rowSelector);
  const box = row?.querySelector<HTMLInputElement>('input[type="checkbox"]');
  box?.click();
  return box != null;
}

/** Leaves the rows. False: none had the focus. */
export function leaveRows(): boolean {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || !active.closest(rowSelector)) return false;
  active.blur();
  return true;
}
