// The list of tenants, and the form that makes one.
import type { Tenant } from '@posthorn/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacksInstallation } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { NewTenant } from './NewTenant.tsx';

const columns: Column<Tenant>[] = [
  {
    id: 'id',
    header: 'Id',
    width: 'minmax(0, 1fr)',
    cell: ({ id }) => (
      <Link to="/tenants/$tenant" params={{ tenant: id }} className="row-link">
        <code>{id}</code>
      </Link>
    ),
  },
  { id: 'name', header: 'Name', width: 'minmax(0, 2fr)', cell: ({ name }) => name },
  { id: 'endpoints', header: 'Endpoints, at most', width: '140px', cell: ({ maxEndpoints }) => maxEndpoints.toLocaleString('en') },
  { id: 'created', header: 'Made', width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];
const idOf = ({ id }: Tenant) => id;

export function Tenants() {
  const [isNew, setIsNew] = useState(false);
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['tenants'],
    queryFn: ({ pageParam, signal }) => posthorn.tenants.list({ limit: 100, ...(pageParam && { cursor: pageParam }) }, { signal }).page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const because = useLacksInstallation();
  const make = (
    <Button tone="primary" because={because} onPress={() => setIsNew(true)}>
      New tenant
    </Button>
  );
  return (
    <Page title="Tenants" actions={make}>
      {isPending && <Skeleton rows={8} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && (
        <Empty title="No tenants yet">
          A tenant is one of your customers: it has endpoints of its own, and its events go only to those.
        </Empty>
      )}
      {rows.length > 0 && (
        <DataTable
          label="Tenants"
          rows={rows}
          columns={columns}
          idOf={idOf}
          hasMore={hasNextPage}
          isLoadingMore={isFetchingNextPage}
          onMore={more}
        />
      )}
      {isNew && <NewTenant onClose={() => setIsNew(false)} />}
    </Page>
  );
}
