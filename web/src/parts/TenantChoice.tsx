// Chooses a tenant, or all: a list for up to 250 tenants, a field for more. A key of one tenant has no choice.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { posthorn } from '../api/client.ts';
import { useBoundTo } from '../api/use.ts';

const most = 250;

export interface TenantChoiceProps {
  /** The producer's id; undefined: all. */
  tenant: string | undefined;
  onChange: (tenant: string | undefined) => void;
  /** Among other fields with labels. */
  showsLabel?: boolean;
}

export function TenantChoice({ tenant, onChange, showsLabel = false }: TenantChoiceProps) {
  const isBound = useBoundTo() !== null;
  const { data } = useQuery({
    queryKey: ['tenants', 'choice'],
    queryFn: ({ signal }) => posthorn.tenants.list({ limit: most }, { signal }).page(),
    staleTime: 60_000,
    enabled: !isBound,
  });
  if (isBound) return null;
  const look = showsLabel ? 'field-label' : 'visually-hidden';
  if (data?.nextCursor) return <TenantField key={tenant} tenant={tenant} known={data.data} onChange={onChange} look={look} />;
  const known = data?.data ?? [];
  const isListed = tenant === undefined || known.some(({ id }) => id === tenant);
  return (
    <label className="choice">
      <span className={look}>Tenant</span>
      <select className="input" value={tenant ?? ''} onChange={({ target }) => onChange(target.value || undefined)}>
        <option value="">All tenants</option>
        {!isListed && <option value={tenant}>{tenant}</option>}
        {known.map(({ id, name }) => (
          <option key={id} value={id}>
            {name === id ? id : `${id} · ${name}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function TenantField({
  tenant = '',
  known,
  onChange,
  look,
}: {
  tenant: string | undefined;
  known: { id: string }[];
  onChange: TenantChoiceProps['onChange'];
  look: string;
}) {
  const [text, setText] = useState(tenant);
  const listId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(text.trim() || undefined);
  };
  return (
    <form className="choice" onSubmit={submit}>
      <span className={look} aria-hidden>
        Tenant
      </span>
      <input
        className="input"
        list={listId}
        value={text}
        aria-label="Tenant"
        placeholder="All tenants"
        onChange={({ target }) => setText(target.value)}
        onBlur={submit}
      />
      <datalist id={listId}>
        {known.map(({ id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </form>
  );
}
