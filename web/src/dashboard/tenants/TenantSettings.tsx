// What can be changed of a tenant.
import type { Tenant, TenantChange } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { TextField } from '../../parts/Field.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';

interface Typed {
  name: string;
  maxEndpoints: string;
  perSecond: string;
}

export function TenantSettings({ tenant, because }: { tenant: Tenant; because: string | undefined }) {
  const before: Typed = {
    name: tenant.name,
    maxEndpoints: String(tenant.maxEndpoints),
    perSecond: tenant.rateLimit ? String(tenant.rateLimit.perSecond) : '',
  };
  const [typed, setTyped] = useState(before);
  const queries = useQueryClient();
  const change = changeOf(before, typed, tenant);
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => posthorn.tenants.update(tenant.id, change),
    onSuccess: async (after) => {
      say('The settings are in force.');
      queries.setQueryData(['tenant', tenant.id], after);
      await queries.invalidateQueries({ queryKey: ['tenants'] });
    },
  });
  const field = (name: keyof Typed, path: string) => ({
    value: typed[name],
    disabled: because !== undefined,
    problem: problemAt(error, path),
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <TextField label="Name" {...field('name', 'name')} />
      <TextField
        label="Endpoints, at most"
        inputMode="numeric"
        {...field('maxEndpoints', 'maxEndpoints')}
        hint="One more is refused. Those that are there stay."
      />
      <TextField
        label="Requests a second to all endpoints together"
        inputMode="numeric"
        placeholder="not limited"
        {...field('perSecond', 'rateLimit')}
        hint="Retries count. What is over it waits, and is delivered later; nothing is lost."
      />
      {error && <Problem error={error} />}
      <div>
        <Button
          type="submit"
          tone="primary"
          isPending={isPending}
          because={because ?? (Object.keys(change).length === 0 ? 'nothing is changed' : undefined)}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

/** What is sent: only what was changed. What is no number goes as it is, for the API to refuse it in its own words. */
function changeOf(before: Typed, typed: Typed, { rateLimit }: Tenant): TenantChange {
  const perSecond = typed.perSecond.trim() === '' ? null : Number(typed.perSecond);
  return {
    ...(typed.name !== before.name && { name: typed.name }),
    ...(typed.maxEndpoints !== before.maxEndpoints && { maxEndpoints: Number(typed.maxEndpoints) }),
    ...(typed.perSecond !== before.perSecond && { rateLimit: perSecond === null ? null : { ...rateLimit, perSecond } }),
  };
}
