// The table of a list that is read page by page, or what stands in its place.
import type { ReactNode } from 'react';
import { DataTable, type DataTableProps } from './DataTable.tsx';
import { Problem, Skeleton } from './States.tsx';
import type { Pages, ReadPage } from './use-pages.ts';

export interface PagedTableProps<Row extends object>
  extends Pick<DataTableProps<Row>, 'label' | 'columns' | 'idOf' | 'nameOf' | 'selected' | 'onSelect'> {
  list: Pages<ReadPage<Row>>;
  /** As many grey bars stand there while the first page is read. */
  skeleton: number;
  /** In place of a list without rows. */
  empty: ReactNode;
}

export function PagedTable<Row extends object>({ list, skeleton, empty, ...table }: PagedTableProps<Row>) {
  const { rows, more } = list;
  const { data, error, isPending, hasNextPage, isFetching, refetch } = list.query;
  const reads = { hasMore: hasNextPage, isLoading: isFetching, hasFailed: error !== null, onMore: more };
  const isFound = rows.length > 0;
  return (
    <>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {(isPending || (!isFound && hasNextPage && !error)) && <Skeleton rows={skeleton} />}
      {data && !isFound && !hasNextPage && empty}
      {isFound && <DataTable {...table} rows={rows} {...reads} />}
    </>
  );
}
