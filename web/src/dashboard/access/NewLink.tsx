// The form that makes a portal link, and its address, which is shown once.
import type { CreatedPortalLink, Scope } from '@posthorn/client';
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

const lives: [life: string, text: string][] = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['8h', '8 hours'],
  ['24h', '24 hours'],
];

const usualScopes: Scope[] = ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'];

export function NewLink({ tenant, onClose }: { tenant: string | undefined; onClose: () => void }) {
  const [made, setMade] = useState<CreatedPortalLink>();
  if (made)
    return (
      <ShownOnce
        title="The link is there"
        secrets={[['Address of the portal', made.url]]}
        hint={`Everybody who has this address acts as ${made.tenant} until the link expires.`}
        onClose={onClose}
      />
    );
  return (
    <Dialog title="New portal link" isOpen onClose={onClose}>
      <LinkForm tenant={tenant} onMade={setMade} onClose={onClose} />
    </Dialog>
  );
}

function LinkForm({
  tenant: of,
  onMade,
  onClose,
}: {
  tenant: string | undefined;
  onMade: (link: CreatedPortalLink) => void;
  onClose: () => void;
}) {
  const signedIn = useSignedIn();
  const bound = signedIn.state === 'signed_out' ? null : signedIn.credential.tenant;
  const [typed, setTyped] = useState({ tenant: bound ?? of ?? '', expiresIn: '1h', origins: '' });
  const [scopes, setScopes] = useState(usualScopes);
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => posthorn.portalLinks.create(asked(typed, scopes)),
    onSuccess: async (link) => {
      onMade(link);
      await queries.invalidateQueries({ queryKey: ['portal-links'] });
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
  const isShown = ['tenant', 'expiresIn', 'origins', 'scopes'].some((name) => problemAt(error, name));
  return (
    <form className="form" onSubmit={submit}>
      {bound === null && <TextField label="Tenant" required autoFocus {...field('tenant')} hint="Its id: the link shows nothing else." />}
      <Select label="Valid for" {...field('expiresIn')}>
        {lives.map(([life, text]) => (
          <option key={life} value={life}>
            {text}
          </option>
        ))}
      </Select>
      <ScopeChoice legend="It may" chosen={scopes} onChange={setScopes} withoutAdmin problem={problemAt(error, 'scopes')} />
      <TextArea
        label="Sites that may embed it"
        rows={2}
        {...field('origins')}
        hint="Such as https://app.example.com, one in a line. Empty: none may."
      />
      {error && !isShown && <Problem error={error} />}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" isPending={isPending}>
          Make the link
        </Button>
      </div>
    </form>
  );
}

function asked({ tenant, expiresIn, origins }: { tenant: string; expiresIn: string; origins: string }, scopes: Scope[]) {
  const sites = listIn(origins);
  return { tenant: tenant.trim(), expiresIn, scopes, ...(sites.length > 0 && { origins: sites }) };
}
