// The list of tenants, and the form that makes one.
import type { Tenant } from '@posthorn/client';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacksInstallation } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { usePages } from '../../parts/use-pages.ts';
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
  {
    id: 'endpoints',
    header: 'Endpoints, at most',
    isBare: true,
    width: '140px',
    cell: ({ maxEndpoints }) => maxEndpoints.toLocaleString('en'),
  },
  { id: 'created', header: 'Made', isBare: true, width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];
const idOf = ({ id }: Tenant) => id;

export function Tenants() {
  const [isNew, setIsNew] = useState(false);
  const tenants = usePages({
    queryKey: ['tenants'],
    read: (cursor, signal) => posthorn.tenants.list({ limit: 100, ...cursor }, { signal }).page(),
  });
  const because = useLacksInstallation();
  const make = (
    <Button tone="primary" because={because} onPress={() => setIsNew(true)}>
      New tenant
    </Button>
  );
  return (
    <Page title="Tenants" actions={make}>
      <PagedTable
        list={tenants}
        label="Tenants"
        columns={columns}
        idOf={idOf}
        skeleton={8}
        empty={
          <Empty title="No tenants yet">
            A tenant is one of your customers: it has endpoints of its own, and its events go only to those.
          </Empty>
        }
      />
      {isNew && <NewTenant onClose={() => setIsNew(false)} />}
    </Page>
  );
}
