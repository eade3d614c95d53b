// What stands in place of rows: the search goes on, nothing matches, or there is nothing at all.
import type { ReactNode } from 'react';
import { Button } from '../Button.tsx';
import { Empty } from '../States.tsx';
import type { SearchOn } from './use-search-on.ts';

export interface NothingFoundProps {
  searching: SearchOn;
  isFiltered: boolean;
  onClear: () => void;
  /** Without filters: what is missing, and in `children` what fills the list. */
  title: string;
  children: ReactNode;
}

export function NothingFound({ searching, isFiltered, onClear, title, children }: NothingFoundProps) {
  if (searching.isSearching) {
    return (
      <p className="quiet" role="status">
        Nothing yet. Looking further back…
      </p>
    );
  }
  if (!isFiltered && !searching.goOn) {
    return (
      <Empty title={title}>
        <p>{children}</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing matches these filters">
      <p>{searching.goOn ? 'Nothing was found in the newest part.' : 'Remove a filter above, or choose a longer time.'}</p>
      <div className="page-actions">
        {searching.goOn && <Button onPress={searching.goOn}>Look further back</Button>}
        <Button onPress={onClear}>Clear filters</Button>
      </div>
    </Empty>
  );
}
