// Moves through the rows of the page's lists. The row that is in use is the one that has the focus.

const rowSelector = '#content [data-row]';

/** Goes to the next or the previous row, from the focus on, else to the first one in view. */
export function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(rowSelector)];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? rows.find((row) => row.getBoundingClientRect().bottom > 0) : rows[at + by];
  if (!next) return;
  const target = next.matches('button, a') ? next : (next.querySelector<HTMLElement>('.row-link') ?? next);
  if (target === next && !next.matches('button, a')) next.tabIndex = -1;
  // not under the bars at the top and the bottom
  next.scrollIntoView({ block: 'center' });
  target.focus({ preventScroll: true });
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
