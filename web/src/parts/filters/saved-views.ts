// Filters under a name. They are kept in this browser only: whoever should see the same gets the address.
import { lastingStorage } from '../../api/storage.ts';

export interface SavedView {
  name: string;
  /** The filters, as they stand in the address: `status=held&tenant=acme`. */
  search: string;
}

export const longestName = 100;
const mostViews = 50;
const longestSearch = 2_000;
const slotOf = (list: string) => `posthorn.views.${list}`;

export function readViews(list: string): SavedView[] {
  try {
    const stored: unknown = JSON.parse(lastingStorage.get(slotOf(list)) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView).slice(0, mostViews) : [];
  } catch {
    return [];
  }
}

/** Replaces a view of the same name. Returns all views. */
export function saveView(list: string, view: SavedView): SavedView[] {
  return write(list, [...readViews(list).filter(({ name }) => name !== view.name), view].slice(-mostViews));
}

export function removeView(list: string, name: string): SavedView[] {
  return write(
    list,
    readViews(list).filter((view) => view.name !== name),
  );
}

function write(list: string, views: SavedView[]): SavedView[] {
  lastingStorage.set(slotOf(list), JSON.stringify(views));
  return views;
}

function isView(value: unknown): value is SavedView {
  const { name, search } = (value ?? {}) as Partial<SavedView>;
  return (
    typeof name === 'string' && name !== '' && name.length <= longestName && typeof search === 'string' && search.length <= longestSearch
  );
}
