// Which rows of a list are selected. A row that is not listed any more cannot be.
import { useMemo, useState } from 'react';

export interface Selection {
  selected: ReadonlySet<string>;
  select: (ids: Iterable<string>) => void;
}

/** `idOf` must not change between renders. */
export function useSelection<Row>(rows: readonly Row[], idOf: (row: Row) => string): Selection {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const selected = useMemo(() => new Set(marked.size === 0 ? [] : rows.map(idOf).filter((id) => marked.has(id))), [rows, marked, idOf]);
  return { selected, select: (ids) => setMarked(new Set(ids)) };
}
