// The audit log: who changed what, and whether the log is as it was written.
import type { AuditAction, AuditEntry } from '@posthorn/client';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Choice } from '../../parts/Choice.tsx';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { Time } from '../../parts/Time.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { NeedsRole } from '../shell/NeedsRole.tsx';
import { AuditSheet } from './AuditSheet.tsx';
import { actions, actorText } from './audit-words.ts';
import { Verification } from './Verification.tsx';

const route = getRouteApi('/audit');
const idOf = ({ seq }: AuditEntry) => String(seq);
const days: [value: string, text: string][] = [
  ['', 'Of all time'],
  ['1', 'Last 24 hours'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
];
const dayMs = 86_400_000;
/** A whole minute, so that the address means the same for a while. */
const ago = (count: string) => new Date(Math.floor((Date.now() - Number(count) * dayMs) / 60_000) * 60_000).toISOString();

export function Audit() {
  const lacks = useLacks('admin');
  return lacks ? <NeedsRole title="Audit log" lacks={lacks} /> : <AllAudit />;
}

function AllAudit() {
  const filter = route.useSearch();
  const navigate = useNavigate();
  const [open, setOpen] = useState<AuditEntry>();
  const columns = useMemo(() => columnsWith(setOpen), []);
  const go = (change: { [name in keyof typeof filter]?: string | undefined }) => {
    const given = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined);
    void navigate({ to: '/audit', search: Object.fromEntries(given) as typeof filter });
  };
  const span = days.find(
    ([count]) => count !== '' && filter.since && Math.abs(Date.parse(ago(count)) - Date.parse(filter.since)) < dayMs / 2,
  );
  const entries = usePages({
    queryKey: ['audit-log', filter],
    read: (cursor, signal) => posthorn.auditLog.list({ limit: 100, ...asked(filter), ...cursor }, { signal }).page(),
  });
  return (
    <Page
      title="Audit log"
      actions={
        <>
          <TenantChoice tenant={filter.tenant} onChange={(tenant) => go({ tenant })} />
          <Choice label="Action" value={filter.action ?? ''} options={actions} onChange={(action) => go({ action: action || undefined })} />
          <Choice
            label="Time"
            value={span?.[0] ?? ''}
            options={days}
            onChange={(count) => go({ since: count === '' ? undefined : ago(count), until: undefined })}
          />
        </>
      }
    >
      <Verification />
      <PagedTable
        list={entries}
        label="Entries of the audit log"
        skeleton={8}
        columns={columns}
        idOf={idOf}
        empty={<Empty title="No entries">Nothing was changed that matches. Choose another tenant, action or time.</Empty>}
      />
      {open && <AuditSheet entry={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function asked({ action, ...rest }: ReturnType<typeof route.useSearch>) {
  return { ...rest, ...(action !== undefined && { action: action as AuditAction }) };
}

function columnsWith(onOpen: (entry: AuditEntry) => void): Column<AuditEntry>[] {
  return [
    { id: 'at', header: 'When', inList: 'corner', width: '110px', cell: ({ at }) => <Time at={at} /> },
    { id: 'who', header: 'Who', width: 'minmax(0, 2fr)', cell: ({ actor }) => <span title={actorText(actor)}>{actorText(actor)}</span> },
    {
      id: 'action',
      header: 'Did',
      width: 'minmax(180px, 1.2fr)',
      cell: (entry) => (
        <button
          type="button"
          className="row-link access-entry"
          aria-label={`Entry ${entry.seq}: ${entry.action}`}
          onClick={() => onOpen(entry)}
        >
          <code>{entry.action}</code>
        </button>
      ),
    },
    { id: 'target', header: 'To', inList: 'long', width: 'minmax(0, 2fr)', cell: ({ target }) => <code>{target.id}</code> },
    { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant ?? '' },
    { id: 'address', header: 'From', inList: 'hidden', width: 'minmax(0, 1fr)', cell: ({ address }) => address ?? '' },
    { id: 'seq', header: 'No.', inList: 'hidden', width: '70px', cell: ({ seq }) => seq.toLocaleString('en') },
  ];
}
