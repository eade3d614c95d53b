// Portal links: short-lived access of consumers to their own endpoints and deliveries.
import type { PortalLink } from '@posthorn/client';
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
import { NewLink } from './NewLink.tsx';
import { Revoke } from './Revoke.tsx';
import { scopesText } from './scopes.ts';
import { When } from './When.tsx';

const route = getRouteApi('/links');

const columns: Column<PortalLink>[] = [
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant },
  { id: 'state', header: 'State', width: '110px', cell: (link) => <LinkState {...link} /> },
  { id: 'scopes', header: 'Scopes', isBare: true, width: 'minmax(0, 2fr)', cell: ({ scopes }) => scopesText(scopes) },
  {
    id: 'origins',
    header: 'Embedded by',
    isBare: true,
    width: 'minmax(0, 1fr)',
    cell: ({ origins }) => (origins.length > 0 ? origins.join(', ') : 'nobody'),
  },
  { id: 'created', header: 'Made', isBare: true, width: '100px', cell: ({ createdAt }) => <When at={createdAt} /> },
  { id: 'expires', header: 'Expires', isBare: true, width: '100px', cell: ({ expiresAt }) => <When at={expiresAt} /> },
  { id: 'revoke', header: 'Revoke', width: '90px', cell: (link) => (isOver(link) ? '' : <RevokeLink link={link} />) },
];
const idOf = ({ id }: PortalLink) => id;
const isOver = ({ revokedAt, expiresAt }: PortalLink) => revokedAt !== null || Date.parse(expiresAt) <= Date.now();

export function Links() {
  const lacks = useLacks('admin');
  return lacks ? <NeedsRole title="Portal links" lacks={lacks} /> : <AllLinks />;
}

function AllLinks() {
  const { tenant } = route.useSearch();
  const navigate = useNavigate();
  const [isNew, setIsNew] = useState(false);
  const links = usePages({
    queryKey: ['portal-links', { tenant }],
    read: (cursor, signal) => posthorn.portalLinks.list({ limit: 100, ...(tenant && { tenant }), ...cursor }, { signal }).page(),
  });
  return (
    <Page
      title="Portal links"
      actions={
        <>
          <TenantChoice
            tenant={tenant}
            onChange={(to) => void navigate({ to: '/links', search: to === undefined ? {} : { tenant: to } })}
          />
          <Button tone="primary" onPress={() => setIsNew(true)}>
            New link
          </Button>
        </>
      }
    >
      <p className="quiet">
        A link opens the portal of one tenant, for 24 hours at most. Your application makes one for each consumer who opens its webhook
        settings; one made here is for a look, or for support.
      </p>
      <PagedTable
        list={links}
        label="Portal links"
        skeleton={8}
        columns={columns}
        idOf={idOf}
        empty={<Empty title="No portal links">Make one to see the portal as a consumer sees it.</Empty>}
      />
      {isNew && <NewLink tenant={tenant} onClose={() => setIsNew(false)} />}
    </Page>
  );
}

function LinkState(link: PortalLink) {
  if (link.revokedAt !== null) return <Tag tone="muted">Revoked</Tag>;
  return isOver(link) ? <Tag tone="muted">Expired</Tag> : <Tag tone="good">Valid</Tag>;
}

function RevokeLink({ link: { id, tenant } }: { link: PortalLink }) {
  return (
    <Revoke
      what={`the link of ${tenant}`}
      resource="portal-links"
      revoke={() => posthorn.portalLinks.revoke(id)}
      effect={
        <p>
          The portal of <strong>{tenant}</strong> that was opened with this link stops working. What was changed through it stays.
        </p>
      }
    />
  );
}
