// API keys: who may call, since when, until when.
import type { ApiKey } from '@posthorn/client';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { NeedsRole } from '../shell/NeedsRole.tsx';
import { NewKey } from './NewKey.tsx';
import { Revoke } from './Revoke.tsx';
import { scopesText } from './scopes.ts';
import { When } from './When.tsx';

const route = getRouteApi('/keys');

const columns: Column<ApiKey>[] = [
  { id: 'name', header: 'Name', width: 'minmax(0, 2fr)', cell: ({ name }) => name },
  { id: 'prefix', header: 'Begins with', width: '110px', cell: ({ prefix }) => <code>{prefix}…</code> },
  { id: 'state', header: 'State', width: '110px', cell: (key) => <KeyState {...key} /> },
  { id: 'scopes', header: 'Scopes', width: 'minmax(0, 2fr)', cell: ({ scopes }) => scopesText(scopes) },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant ?? 'all tenants' },
  { id: 'used', header: 'Last used', isBare: true, width: '100px', cell: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
  { id: 'expires', header: 'Expires', isBare: true, width: '100px', cell: ({ expiresAt }) => <When at={expiresAt} /> },
  { id: 'revoke', header: 'Revoke', width: '90px', cell: (key) => (isOver(key) ? '' : <RevokeKey apiKey={key} />) },
];
const idOf = ({ id }: ApiKey) => id;
const isOver = ({ revokedAt, expiresAt }: ApiKey) => revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());

export function Keys() {
  const lacks = useLacks('admin');
  return lacks ? <NeedsRole title="API keys" lacks={lacks} /> : <AllKeys />;
}

function AllKeys() {
  const { tenant } = route.useSearch();
  const navigate = useNavigate();
  const [isNew, setIsNew] = useState(false);
  const keys = usePages({
    queryKey: ['api-keys', { tenant }],
    read: (cursor, signal) => posthorn.apiKeys.list({ limit: 100, ...(tenant && { tenant }), ...cursor }, { signal }).page(),
  });
  return (
    <Page
      title="API keys"
      actions={
        <>
          <TenantChoice tenant={tenant} onChange={(to) => void navigate({ to: '/keys', search: to === undefined ? {} : { tenant: to } })} />
          <Button tone="primary" onPress={() => setIsNew(true)}>
            New key
          </Button>
        </>
      }
    >
      <p className="quiet">
        A key is a credential of a program. People sign in: their sessions are on the page Sessions. A key can give no more than it has, and
        what was made with it ends with it.
      </p>
      <PagedTable
        list={keys}
        label="API keys"
        skeleton={8}
        columns={columns}
        idOf={idOf}
        empty={<Empty title="No API keys">Make one for each program that posts events: then it can be replaced or revoked alone.</Empty>}
      />
      {isNew && <NewKey tenant={tenant} onClose={() => setIsNew(false)} />}
    </Page>
  );
}

function KeyState(key: ApiKey) {
  if (key.revokedAt !== null) return <Tag tone="muted">Revoked</Tag>;
  if (isOver(key)) return <Tag tone="muted">Expired</Tag>;
  const soon = key.expiresAt !== null && Date.parse(key.expiresAt) - Date.now() < 7 * 86_400_000;
  return soon ? <Tag tone="warning">Ends soon</Tag> : <Tag tone="good">Valid</Tag>;
}

function RevokeKey({ apiKey: { id, name } }: { apiKey: ApiKey }) {
  return (
    <Revoke
      what={`the key ${name}`}
      resource="api-keys"
      revoke={() => posthorn.apiKeys.revoke(id)}
      effect={
        <p>
          Every call with <strong>{name}</strong> is refused from now on. Keys, portal links and sessions that were made with it end, too.
          This cannot be undone.
        </p>
      }
    />
  );
}
