// The form that makes a portal link.
import type { Scope } from '@posthorn/client';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useBoundTo } from '../../api/use.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select, TextArea } from '../../parts/Field.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { TenantField } from '../../parts/SuggestedField.tsx';
import { useTextFields } from '../../parts/use-text-fields.ts';
import { useMaking } from '../made-secret.ts';
import { listIn } from './list-in.ts';
import { ScopeChoice } from './ScopeChoice.tsx';

const lives: [life: string, text: string][] = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['8h', '8 hours'],
  ['24h', '24 hours'],
];

const usualScopes: Scope[] = ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'];

export function NewLink({ tenant: of, onClose }: { tenant: string | undefined; onClose: () => void }) {
  const bound = useBoundTo();
  const { typed, fieldsOf } = useTextFields({ tenant: bound ?? of ?? '', expiresIn: '1h', origins: '' });
  const [scopes, setScopes] = useState(usualScopes);
  const { start, error, isPending } = useMaking({
    make: () => posthorn.portalLinks.create(asked(typed, scopes)),
    secretOf: ({ tenant, url }) => ({
      title: 'The link is there',
      name: 'the address',
      text: url,
      hint: `Everybody who has this address of the portal acts as ${tenant} until the link expires.`,
    }),
    changes: ['portal-links'],
    onMade: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start();
  };
  const field = fieldsOf(error);
  const isShown = ['tenant', 'expiresIn', 'origins', 'scopes'].some((name) => problemAt(error, name));
  return (
    <Dialog title="New portal link" isOpen onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {bound === null && <TenantField required autoFocus {...field('tenant')} hint="The link shows nothing else." />}
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
        <FormActions action="Make the link" isPending={isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function asked({ tenant, expiresIn, origins }: { tenant: string; expiresIn: string; origins: string }, scopes: Scope[]) {
  const sites = listIn(origins);
  return { tenant: tenant.trim(), expiresIn, scopes, ...(sites.length > 0 && { origins: sites }) };
}
