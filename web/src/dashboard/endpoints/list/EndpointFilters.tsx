// The filters of the list of endpoints, as the address has them.
import type { EndpointCondition } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { TenantChoice } from '../../../parts/TenantChoice.tsx';
import { conditionText } from '../Condition.tsx';

const route = getRouteApi('/endpoints');
const conditions: EndpointCondition[] = ['failing', 'blocked', 'disabled', 'unverified', 'paused', 'retry_after', 'ok'];
const settleMs = 300;

export interface Filter {
  condition?: EndpointCondition[];
  tenant?: string;
  search?: string;
}

export function EndpointFilters({ filter }: { filter: Filter }) {
  const navigate = route.useNavigate();
  const change = (next: Partial<Record<keyof Filter, string | EndpointCondition[] | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...next }) as Filter, replace: 'search' in next });
  const chosen = filter.condition ?? [];
  const toggle = (one: EndpointCondition) =>
    change({ condition: chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one] });
  return (
    <search className="endpoint-filters">
      <SearchField text={filter.search ?? ''} onChange={(search) => change({ search })} />
      <TenantChoice tenant={filter.tenant} onChange={(tenant) => change({ tenant })} />
      <fieldset className="endpoint-conditions">
        <legend className="visually-hidden">State</legend>
        {conditions.map((one) => (
          <label key={one} className="chip">
            <input type="checkbox" checked={chosen.includes(one)} onChange={() => toggle(one)} />
            {conditionText(one)}
          </label>
        ))}
      </fieldset>
    </search>
  );
}

function SearchField({ text, onChange }: { text: string; onChange: (text: string | undefined) => void }) {
  const [typed, setTyped] = useState(text);
  // the address may change by the back button
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed.trim() === text) return;
    const timer = setTimeout(() => onChange(typed.trim() || undefined), settleMs);
    return () => clearTimeout(timer);
  }, [typed, text, onChange]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(typed.trim() || undefined);
  };
  return (
    <form onSubmit={submit} className="endpoint-search">
      <input
        type="search"
        data-shortcut="/"
        className="input"
        aria-label="Search endpoints"
        placeholder="URL, description, tenant or id"
        value={typed}
        maxLength={200}
        onChange={({ target }) => setTyped(target.value)}
      />
    </form>
  );
}
