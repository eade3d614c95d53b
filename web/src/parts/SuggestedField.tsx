// Fields for the id of a tenant or an endpoint. What is typed is looked for by name, host and id; what is found is suggested.
import { useQuery } from '@tanstack/react-query';
import { type ComponentProps, useId } from 'react';
import { posthorn } from '../api/client.ts';
import { useMay } from '../api/use.ts';
import { TextField } from './Field.tsx';
import { useHits } from './filters/use-hits.ts';

type FieldProps = Omit<ComponentProps<typeof TextField>, 'value' | 'label'> & { value: string };

const most = 250;

/** Up to 250 tenants are suggested before anything is typed. */
export function TenantField(props: FieldProps) {
  const { data } = useQuery({
    queryKey: ['tenants', 'choice'],
    queryFn: ({ signal }) => posthorn.tenants.list({ limit: most }, { signal }).page(),
    staleTime: 60_000,
    enabled: useMay('endpoints:read'),
  });
  const { hits } = useHits(data?.nextCursor ? props.value : '', ['tenant'], undefined);
  const found = hits.map(({ id, title }) => ({ id, name: title }));
  const known = (data?.data ?? []).filter(({ id }) => !found.some((one) => one.id === id));
  const suggestions = [...found, ...known].map(({ id, name }) => ({ id, text: name === id ? '' : name }));
  return <Suggested label="Tenant" {...props} suggestions={suggestions} />;
}

export interface EndpointFieldProps extends FieldProps {
  /** Only of this tenant. Empty: of all. */
  tenant: string;
}

export function EndpointField({ tenant, ...props }: EndpointFieldProps) {
  const { hits } = useHits(props.value, ['endpoint'], tenant || undefined);
  const suggestions = hits.map(({ id, title, detail, tenant }) => ({ id, text: [title, detail, tenant].filter(Boolean).join(' · ') }));
  return <Suggested label="Endpoint" {...props} suggestions={suggestions} />;
}

interface Suggestion {
  id: string;
  text: string;
}

function Suggested({ suggestions, ...props }: ComponentProps<typeof TextField> & { suggestions: Suggestion[] }) {
  const listId = useId();
  return (
    <div>
      <TextField {...props} list={listId} />
      <datalist id={listId}>
        {suggestions.map(({ id, text }) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </datalist>
    </div>
  );
}
