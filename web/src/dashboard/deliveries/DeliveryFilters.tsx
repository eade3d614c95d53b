// What the list of deliveries is narrowed to. The address keeps it.
import type { SearchHit } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import { EndpointUrl } from '../../parts/EndpointUrl.tsx';
import { type Chip, Filters } from '../../parts/filters/Filters.tsx';
import { FindBox } from '../../parts/filters/FindBox.tsx';
import { StatusChoice } from '../../parts/filters/StatusChoice.tsx';
import { TimeChoice } from '../../parts/filters/TimeChoice.tsx';
import { TypeField } from '../../parts/filters/TypeField.tsx';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { isNarrowed } from '../search.ts';
import { type DeliveriesSearch, statuses } from './search.ts';

const kinds = ['delivery', 'event', 'endpoint', 'tenant', 'event_type'] as const;

export function DeliveryFilters({ search }: { search: DeliveriesSearch }) {
  const navigate = useNavigate({ from: '/deliveries' });
  const narrow = (change: Partial<Record<keyof DeliveriesSearch, unknown>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as DeliveriesSearch });
  const found = (hit: SearchHit) => {
    if (hit.kind === 'delivery') void navigate({ to: `/deliveries/${hit.id}` as '/deliveries', search: {} });
    else narrow(narrowingOf(hit));
  };
  const hasFilters = isNarrowed(search);
  const { within, since, until } = search;
  return (
    <Filters chips={chipsOf(search, narrow)} onClear={hasFilters ? () => void navigate({ search: {} }) : undefined}>
      <FindBox kinds={kinds} tenant={search.tenant} effectOf={effectOf} onFound={found} />
      <TenantChoice showsLabel tenant={search.tenant} onChange={(tenant) => narrow({ tenant, event: undefined })} />
      <StatusChoice all={statuses} chosen={search.status ?? []} onChange={(status) => narrow({ status })} />
      <TypeField type={search.type} onChange={(type) => narrow({ type })} />
      <TimeChoice
        span={{ ...(within && { within }), ...(since && { since }), ...(until && { until }) }}
        onChange={(span) => narrow({ within: undefined, since: undefined, until: undefined, ...span })}
      />
    </Filters>
  );
}

const effects = {
  delivery: 'Open the delivery',
  event: 'Deliveries of the event',
  endpoint: 'Deliveries to the endpoint',
  tenant: 'Deliveries of the tenant',
  event_type: 'Deliveries of the type',
};
const effectOf = ({ kind }: SearchHit) => effects[kind];

function narrowingOf({ kind, id, tenant }: SearchHit): DeliveriesSearch {
  if (kind === 'endpoint') return { endpoint: id };
  if (kind === 'tenant') return { tenant: id };
  if (kind === 'event_type') return { type: id };
  return { event: id, ...(tenant && { tenant }) };
}

/** Filters without a field of their own. */
function chipsOf(
  { endpoint, event }: DeliveriesSearch,
  narrow: (change: Partial<Record<keyof DeliveriesSearch, unknown>>) => void,
): Chip[] {
  return [
    ...(endpoint
      ? [{ name: 'Endpoint', id: endpoint, value: <EndpointUrl id={endpoint} />, onRemove: () => narrow({ endpoint: undefined }) }]
      : []),
    ...(event ? [{ name: 'Event', id: event, value: event, onRemove: () => narrow({ event: undefined }) }] : []),
  ];
}
