// The form that makes an API key.
import type { Scope } from '@posthorn/client';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useBoundTo } from '../../api/use.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select, TextArea, TextField } from '../../parts/Field.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { TenantField } from '../../parts/SuggestedField.tsx';
import { useTextFields } from '../../parts/use-text-fields.ts';
import { useMaking } from '../made-secret.ts';
import { listIn } from './list-in.ts';
import { ScopeChoice } from './ScopeChoice.tsx';

const lives: [days: string, text: string][] = [
  ['', 'Never'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In a year'],
];
const dayMs = 86_400_000;

export function NewKey({ tenant: of, onClose }: { tenant: string | undefined; onClose: () => void }) {
  const { typed, fieldsOf } = useTextFields({ name: '', tenant: of ?? '', days: '', cidrs: '' });
  const [scopes, setScopes] = useState<Scope[]>(['events:write']);
  const isBound = useBoundTo() !== null;
  const { start, error, isPending } = useMaking({
    make: () => posthorn.apiKeys.create(asked(typed, scopes)),
    secretOf: ({ name, key }) => ({
      title: 'The key is there',
      name: 'the key',
      text: key,
      hint: `${name} can call from now on. Keep the key where the program reads it, such as a secret store.`,
    }),
    changes: ['api-keys'],
    onMade: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start();
  };
  const field = fieldsOf(error);
  const isShown = ['name', 'tenant', 'cidrs', 'scopes'].some((name) => problemAt(error, name));
  return (
    <Dialog title="New API key" isOpen onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField label="Name" required autoFocus {...field('name')} hint="Who uses it, and what for." />
        <ScopeChoice legend="It may" chosen={scopes} onChange={setScopes} problem={problemAt(error, 'scopes')} />
        {!isBound && <TenantField {...field('tenant')} hint="The key sees nothing else. Empty: all tenants." />}
        <Select label="Expires" {...field('days')}>
          {lives.map(([days, text]) => (
            <option key={days} value={days}>
              {text}
            </option>
          ))}
        </Select>
        <TextArea
          label="Networks"
          rows={2}
          {...field('cidrs')}
          hint="Where it may call from, such as 203.0.113.0/24, one in a line. Empty: from anywhere."
        />
        {error && !isShown && <Problem error={error} />}
        <FormActions action="Make the key" isPending={isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function asked({ name, tenant, days, cidrs }: { name: string; tenant: string; days: string; cidrs: string }, scopes: Scope[]) {
  const networks = listIn(cidrs);
  return {
    name,
    scopes,
    ...(tenant.trim() !== '' && { tenant: tenant.trim() }),
    ...(days !== '' && { expiresAt: new Date(Date.now() + Number(days) * dayMs).toISOString() }),
    ...(networks.length > 0 && { cidrs: networks }),
  };
}
