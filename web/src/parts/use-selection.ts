// Which rows of a list are selected. A row that is not listed any more cannot be. Back brings them again.
import { useMemo, useState } from 'react';
import { keepPlace, keptPlace } from './kept-place.ts';

export interface Selection {
  selected: ReadonlySet<string>;
  select: (ids: Iterable<string>) => void;
}

/** `idOf` must not change between renders. */
export function useSelection<Row>(rows: readonly Row[], idOf: (row: Row) => string): Selection {
  const [marked, setMarked] = useState<ReadonlySet<string>>(() => keptPlace().selected ?? new Set());
  const selected = useMemo(() => new Set(marked.size === 0 ? [] : rows.map(idOf).filter((id) => marked.has(id))), [rows, marked, idOf]);
  const select = (ids: Iterable<string>) => {
    const next = new Set(ids);
    setMarked(next);
    keepPlace({ selected: next });
  };
  return { selected, select };
}
