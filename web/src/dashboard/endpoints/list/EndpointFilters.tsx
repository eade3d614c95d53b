// The filters of the list of endpoints, as the address has them.
import type { EndpointCondition } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { SearchField } from '../../../parts/SearchField.tsx';
import { TenantChoice } from '../../../parts/TenantChoice.tsx';
import { conditionText } from '../Condition.tsx';

const route = getRouteApi('/endpoints');
const conditions: EndpointCondition[] = ['failing', 'blocked', 'disabled', 'unverified', 'paused', 'retry_after', 'ok'];
const longestSearch = 200;

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
      <div className="endpoint-search">
        <SearchField
          label="Search endpoints"
          placeholder="URL, description, tenant or id"
          maxLength={longestSearch}
          value={filter.search ?? ''}
          onChange={(search) => change({ search: search || undefined })}
        />
      </div>
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
