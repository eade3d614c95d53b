// A list of the API, page by page, with what it shows while it is empty.
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useCallback, useMemo } from 'react';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';

interface ReadPage<Row> {
  data: Row[];
  nextCursor: string | null;
}

export interface AccessListProps<Row> {
  label: string;
  queryKey: readonly unknown[];
  read: (cursor: { cursor?: string }, signal: AbortSignal) => Promise<ReadPage<Row>>;
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  empty: ReactNode;
}

export function AccessList<Row extends object>({ label, queryKey, read, columns, idOf, empty }: AccessListProps<Row>) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === '' ? {} : { cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }: ReadPage<Row>) => nextCursor,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <>
      {isPending && <Skeleton rows={8} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && empty}
      {rows.length > 0 && (
        <DataTable
          label={label}
          rows={rows}
          columns={columns}
          idOf={idOf}
          hasMore={hasNextPage}
          isLoadingMore={isFetchingNextPage}
          onMore={more}
        />
      )}
    </>
  );
}
