// Which alerts the list shows.
import type { AlertKind } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { alertKindWords } from '../../parts/alert-kinds.ts';
import { Choice } from '../../parts/Choice.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import type { AlertFilters } from './filters.ts';

const route = getRouteApi('/alerts');
const kinds = Object.entries(alertKindWords) as [AlertKind, string][];

export function Filters({ filters: { show = 'open', minSeverity, tenant, kind } }: { filters: AlertFilters }) {
  const navigate = route.useNavigate();
  const set = (change: AlertFilters | { [Name in keyof AlertFilters]: undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as AlertFilters });
  return (
    <>
      <Choice
        label="State"
        value={show}
        options={[
          ['open', 'Open'],
          ['closed', 'Closed'],
          ['all', 'Open and closed'],
        ]}
        onChange={(next) => set({ show: next === 'open' ? undefined : next })}
      />
      <Choice
        label="Severity"
        value={minSeverity ?? ''}
        options={[
          ['', 'All severities'],
          ['warning', 'Warning and critical'],
          ['critical', 'Critical'],
        ]}
        onChange={(next) => set({ minSeverity: next || undefined })}
      />
      <Choice
        label="Kind"
        value={(kind ?? '') as AlertKind | ''}
        options={[['', 'All kinds'], ...kinds]}
        onChange={(next) => set({ kind: next || undefined })}
      />
      <TenantChoice tenant={tenant} onChange={(next) => set({ tenant: next })} />
    </>
  );
}
