// What Back returns to in a list: the row that was in use, and the rows that were selected. Kept for each entry of the history
// while the tab is open.

interface Place {
  row?: string;
  selected?: ReadonlySet<string>;
}

/** The paths of the entries, by their index in the history. */
const paths = new Map<number, string>();

const indexNow = (): number => (history.state as { __TSR_index?: number } | null)?.__TSR_index ?? 0;

/** `path`: below the door. */
export function keepPath(index: number, path: string): void {
  paths.set(index, path);
}

/** The page to which Back goes. Undefined: it is not one of this tab. */
export const pathBefore = (): string | undefined => paths.get(indexNow() - 1);

const mostPlaces = 50;
const places = new Map<string, Place>();

/** The router's name of the present entry. */
const entryNow = (): string => (history.state as { __TSR_key?: string } | null)?.__TSR_key ?? '';

export const keptPlace = (): Place => places.get(entryNow()) ?? {};

export function keepPlace(change: Place): void {
  const entry = entryNow();
  const place = { ...places.get(entry), ...change };
  places.delete(entry);
  places.set(entry, place);
  const [oldest] = places.keys();
  if (places.size > mostPlaces && oldest !== undefined) places.delete(oldest);
}
