// Sessions: who is signed in, and signs somebody out.
import type { Session } from '@posthorn/client';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { NeedsRole } from '../shell/NeedsRole.tsx';
import { Revoke } from './Revoke.tsx';
import { When } from './When.tsx';

const route = getRouteApi('/sessions');

const columns: Column<Session>[] = [
  { id: 'name', header: 'Who', width: 'minmax(0, 2fr)', cell: ({ person, name }) => person?.email ?? person?.name ?? name },
  { id: 'state', header: 'State', width: '120px', cell: (session) => <SessionState session={session} /> },
  { id: 'role', header: 'Role', width: '90px', cell: ({ role }) => role ?? 'few rights' },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant ?? 'all tenants' },
  { id: 'address', header: 'From', isBare: true, width: 'minmax(0, 1fr)', cell: ({ address }) => address ?? 'unknown' },
  { id: 'created', header: 'Signed in', isBare: true, width: '110px', cell: ({ createdAt }) => <When at={createdAt} /> },
  { id: 'used', header: 'Last used', isBare: true, width: '110px', cell: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
  { id: 'revoke', header: 'Revoke', width: '90px', cell: (session) => (isOver(session) ? '' : <RevokeSession session={session} />) },
];
const idOf = ({ id }: Session) => id;
const isOver = ({ revokedAt, endsAt }: Session) => revokedAt !== null || Date.parse(endsAt) <= Date.now();

export function Sessions() {
  const lacks = useLacks('admin');
  return lacks ? <NeedsRole title="Sessions" lacks={lacks} /> : <AllSessions />;
}

function AllSessions() {
  const { tenant } = route.useSearch();
  const navigate = useNavigate();
  const sessions = usePages({
    queryKey: ['sessions', { tenant }],
    read: (cursor, signal) => posthorn.sessions.list({ limit: 100, ...(tenant && { tenant }), ...cursor }, { signal }).page(),
  });
  return (
    <Page
      title="Sessions"
      actions={
        <TenantChoice
          tenant={tenant}
          onChange={(to) => void navigate({ to: '/sessions', search: to === undefined ? {} : { tenant: to } })}
        />
      }
    >
      <p className="quiet">A session ends 12 hours after the sign-in, after 30 minutes without use, or with its key.</p>
      <PagedTable
        list={sessions}
        label="Sessions"
        skeleton={8}
        columns={columns}
        idOf={idOf}
        empty={<Empty title="No sessions">Nobody has signed in with a key of this tenant in the last 30 days.</Empty>}
      />
    </Page>
  );
}

function SessionState({ session }: { session: Session }) {
  if (session.revokedAt !== null) return <Tag tone="muted">Signed out</Tag>;
  return isOver(session) ? <Tag tone="muted">Ended</Tag> : <Tag tone="good">Signed in</Tag>;
}

function RevokeSession({ session: { id, name, person } }: { session: Session }) {
  return (
    <Revoke
      what={`the session of ${person?.email ?? person?.name ?? name}`}
      resource="sessions"
      revoke={() => posthorn.sessions.revoke(id)}
      effect={
        <p>
          Signs <strong>{name}</strong> out on this one machine. {person ? 'The person' : 'A holder of the key'} can sign in again: take the
          role away at the provider, or revoke the key, to prevent that.
        </p>
      }
    />
  );
}
