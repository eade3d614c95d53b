// Which time and which tenant the figures are of. Both are in the address.
import type { StatsWindow } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { Choice } from '../../parts/Choice.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { windows } from './figures.ts';

const route = getRouteApi('/');
const names = Object.keys(windows) as StatsWindow[];

export function Span({ window, tenant }: { window: StatsWindow; tenant: string | undefined }) {
  const navigate = route.useNavigate();
  return (
    <>
      <TenantChoice tenant={tenant} onChange={(next) => void navigate({ search: (before) => ({ ...before, tenant: next }) })} />
      <Choice
        label="Window"
        value={window}
        options={names.map((name) => [name, `Last ${windows[name].text}`])}
        onChange={(next) => void navigate({ search: (before) => ({ ...before, window: next }) })}
      />
    </>
  );
}
