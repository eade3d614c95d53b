// What Back returns to in a list: the row that was in use, and the rows that were selected. Kept for each entry of the history
// while the tab is open.

interface Place {
  row?: string;
  selected?: ReadonlySet<string>;
}

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
