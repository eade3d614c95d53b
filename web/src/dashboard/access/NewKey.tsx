// The form that makes an API key, and the key, which is shown once.
import type { CreatedApiKey, Scope } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useSignedIn } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select, TextArea, TextField } from '../../parts/Field.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { listIn } from './list-in.ts';
import { ScopeChoice } from './ScopeChoice.tsx';
import { ShownOnce } from './ShownOnce.tsx';

const lives: [days: string, text: string][] = [
  ['', 'Never'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In a year'],
];
const dayMs = 86_400_000;

export function NewKey({ tenant: of, onClose }: { tenant: string | undefined; onClose: () => void }) {
  const [made, setMade] = useState<CreatedApiKey>();
  if (made)
    return (
      <ShownOnce
        title="The key is there"
        secrets={[['API key', made.key]]}
        hint={`${made.name} can call from now on. Keep the key where the program reads it, such as a secret store.`}
        onClose={onClose}
      />
    );
  return (
    <Dialog title="New API key" isOpen onClose={onClose}>
      <KeyForm tenant={of} onMade={setMade} onClose={onClose} />
    </Dialog>
  );
}

function KeyForm({
  tenant: of,
  onMade,
  onClose,
}: {
  tenant: string | undefined;
  onMade: (key: CreatedApiKey) => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState({ name: '', tenant: of ?? '', days: '', cidrs: '' });
  const [scopes, setScopes] = useState<Scope[]>(['events:write']);
  const signedIn = useSignedIn();
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => posthorn.apiKeys.create(asked(typed, scopes)),
    onSuccess: async (key) => {
      onMade(key);
      await queries.invalidateQueries({ queryKey: ['api-keys'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    problem: problemAt(error, name),
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const isBound = signedIn.state !== 'signed_out' && signedIn.credential.tenant !== null;
  const isShown = ['name', 'tenant', 'cidrs', 'scopes'].some((name) => problemAt(error, name));
  return (
    <form className="form" onSubmit={submit}>
      <TextField label="Name" required autoFocus {...field('name')} hint="Who uses it, and what for." />
      <ScopeChoice legend="It may" chosen={scopes} onChange={setScopes} problem={problemAt(error, 'scopes')} />
      {!isBound && <TextField label="Tenant" {...field('tenant')} hint="Its id: the key sees nothing else. Empty: all tenants." />}
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
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" isPending={isPending}>
          Make the key
        </Button>
      </div>
    </form>
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
