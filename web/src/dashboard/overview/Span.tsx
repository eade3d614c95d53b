// Which time and which tenant the figures are of. Both are in the address.
import type { StatsWindow } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { windows } from './figures.ts';

const route = getRouteApi('/');
const names = Object.keys(windows) as StatsWindow[];

export function Span({ window, tenant }: { window: StatsWindow; tenant: string | undefined }) {
  const navigate = route.useNavigate();
  return (
    <>
      <TenantChoice tenant={tenant} onChange={(next) => void navigate({ search: (before) => ({ ...before, tenant: next }) })} />
      <label className="choice">
        <span className="visually-hidden">Window</span>
        <select
          className="input"
          value={window}
          onChange={({ target }) => void navigate({ search: (before) => ({ ...before, window: target.value as StatsWindow }) })}
        >
          {names.map((name) => (
            <option key={name} value={name}>
              Last {windows[name].text}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
