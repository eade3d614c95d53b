// What the list of events is narrowed to. The address keeps it.
import type { SearchHit } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import { Filters } from '../../parts/filters/Filters.tsx';
import { FindBox } from '../../parts/filters/FindBox.tsx';
import { TimeChoice } from '../../parts/filters/TimeChoice.tsx';
import { TypeField } from '../../parts/filters/TypeField.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { isNarrowed } from '../search.ts';
import type { EventsSearch } from './search.ts';

const kinds = ['event', 'tenant', 'event_type'] as const;

export function EventFilters({ search }: { search: EventsSearch }) {
  const navigate = useNavigate({ from: '/events' });
  const narrow = (change: Partial<Record<keyof EventsSearch, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as EventsSearch });
  const found = ({ kind, id, tenant }: SearchHit) => {
    if (kind === 'tenant') narrow({ tenant: id });
    else if (kind === 'event_type') narrow({ type: id });
    else void navigate({ to: `/events/${encodeURIComponent(tenant ?? '')}/${encodeURIComponent(id)}` as '/events', search: {} });
  };
  const { tenant, type, ...span } = search;
  return (
    <Filters chips={[]} onClear={isNarrowed(search) ? () => void navigate({ search: {} }) : undefined}>
      <FindBox kinds={kinds} tenant={tenant} effectOf={effectOf} onFound={found} />
      <TenantChoice showsLabel tenant={tenant} onChange={(next) => narrow({ tenant: next })} />
      <TypeField type={type} onChange={(next) => narrow({ type: next })} />
      <TimeChoice span={span} onChange={(next) => narrow({ within: undefined, since: undefined, until: undefined, ...next })} />
    </Filters>
  );
}

const effectOf = ({ kind }: SearchHit) =>
  kind === 'event' ? 'Open the event' : kind === 'tenant' ? 'Events of the tenant' : 'Events of the type';
