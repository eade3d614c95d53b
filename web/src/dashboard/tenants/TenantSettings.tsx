// What can be changed of a tenant.
import type { Tenant, TenantChange } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { posthorn } from '../../api/client.ts';
import { saveTyped } from '../../api/save-typed.ts';
import { Button } from '../../parts/Button.tsx';
import { ChangedMeanwhile } from '../../parts/ChangedMeanwhile.tsx';
import { TextField } from '../../parts/Field.tsx';
import { FormProblem } from '../../parts/FormProblem.tsx';
import { LeaveGuard } from '../../parts/LeaveGuard.tsx';
import { problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { typedNumber } from '../../parts/typed-number.ts';
import { useTyped } from '../../parts/use-typed.ts';
import { tenantQuery } from './tenant-query.ts';

interface Draft {
  name: string;
  maxEndpoints: string;
  perSecond: string;
}

const labels: Record<keyof Draft, string> = {
  name: 'Name',
  maxEndpoints: 'Endpoints, at most',
  perSecond: 'Requests a second to all endpoints together',
};

/** What is no number is not sent: it could be taken for zero, or for no limit. */
const problemsOf = ({ maxEndpoints, perSecond }: Draft): Partial<Record<keyof Draft, string>> => ({
  ...(!Number.isInteger(typedNumber(maxEndpoints)) && { maxEndpoints: 'must be a whole number' }),
  ...(perSecond.trim() !== '' && typedNumber(perSecond) === null && { perSecond: 'must be a number, such as 100 or 2.5' }),
});

const draftOf = ({ name, maxEndpoints, rateLimit }: Tenant): Draft => ({
  name,
  maxEndpoints: String(maxEndpoints),
  perSecond: rateLimit ? String(rateLimit.perSecond) : '',
});

export function TenantSettings({ tenant, because }: { tenant: Tenant; because: string | undefined }) {
  const before = draftOf(tenant);
  const form = useTyped(before);
  const queries = useQueryClient();
  const change = changeOf(before, form.draft, tenant);
  const problems = problemsOf(form.draft);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (_: Draft) =>
      saveTyped({
        read: () => queries.fetchQuery({ ...tenantQuery(tenant.id), staleTime: 0 }),
        isOvertakenBy: (now) => form.isOvertakenBy(draftOf(now)),
        save: (now, options) => posthorn.tenants.update(tenant.id, changeOf(draftOf(now), form.over(draftOf(now)), now), options),
      }),
    onSuccess: async (after, sent) => {
      if (!after) return;
      form.forget(sent);
      say('The settings are in force.');
      queries.setQueryData(['tenant', tenant.id], after);
      await queries.invalidateQueries({ queryKey: ['tenants'] });
    },
  });
  const field = (name: keyof Draft, path: string) => ({
    label: labels[name],
    value: form.draft[name],
    disabled: because !== undefined,
    problem: problems[name] ?? problemAt(error, path),
    onChange: ({ target }: { target: { value: string } }) => form.set({ [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(problems).length === 0) mutate(form.draft);
  };
  return (
    <form className="form" onSubmit={submit}>
      <TextField {...field('name', 'name')} />
      <TextField inputMode="numeric" {...field('maxEndpoints', 'maxEndpoints')} hint="One more is refused. Those that are there stay." />
      <TextField
        inputMode="decimal"
        placeholder="not limited"
        {...field('perSecond', 'rateLimit')}
        hint="Retries count. What is over it waits, and is delivered later; nothing is lost."
      />
      <ChangedMeanwhile changed={form.overtaken.map((name) => [labels[name], before[name]])} onTake={form.takeStored} />
      <FormProblem error={error} fields={['name', 'maxEndpoints', 'rateLimit']} />
      <LeaveGuard isDirty={(Object.keys(labels) as (keyof Draft)[]).some((name) => form.draft[name] !== before[name])} />
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

/** What is sent: only what was changed. */
function changeOf(before: Draft, typed: Draft, { rateLimit }: Tenant): TenantChange {
  const perSecond = typed.perSecond.trim() === '' ? null : typedNumber(typed.perSecond);
  return {
    ...(typed.name !== before.name && { name: typed.name }),
    ...(typed.maxEndpoints !== before.maxEndpoints && { maxEndpoints: typedNumber(typed.maxEndpoints) ?? 0 }),
    ...(typed.perSecond !== before.perSecond && { rateLimit: perSecond === null ? null : { ...rateLimit, perSecond } }),
  };
}
