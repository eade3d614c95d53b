// Makes an endpoint, and shows its secret the only time that it can be seen.
import type { CreatedEndpoint } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { useSignedIn } from '../../../api/use.ts';
import { Button } from '../../../parts/Button.tsx';
import { Dialog } from '../../../parts/Dialog.tsx';
import { TextArea, TextField } from '../../../parts/Field.tsx';
import { Problem, problemAt } from '../../../parts/States.tsx';
import { SecretOnce } from '../secrets/SecretOnce.tsx';
import { linesOf } from '../settings/texts.ts';
import { TypeNames } from '../TypeNames.tsx';

export interface NewEndpointProps {
  isOpen: boolean;
  onClose: () => void;
  /** Filled in. */
  tenant?: string;
}

export function NewEndpoint({ isOpen, onClose, tenant }: NewEndpointProps) {
  const [made, setMade] = useState<CreatedEndpoint | null>(null);
  const navigate = useNavigate();
  const finish = async (endpoint: CreatedEndpoint) => {
    setMade(null);
    onClose();
    await navigate({ to: '/endpoints/$endpoint', params: { endpoint: endpoint.id } });
  };
  if (made) {
    return (
      <Dialog title="The endpoint is there" isOpen onClose={() => void finish(made)} isDismissable={false}>
        <SecretOnce secret={made.secret} onStored={() => void finish(made)} />
      </Dialog>
    );
  }
  return (
    <Dialog title="New endpoint" isOpen={isOpen} onClose={onClose}>
      <Form onClose={onClose} onMade={setMade} usual={tenant ?? ''} />
    </Dialog>
  );
}

interface FormProps {
  onClose: () => void;
  onMade: (endpoint: CreatedEndpoint) => void;
  usual: string;
}

function Form({ onClose, onMade, usual }: FormProps) {
  const signedIn = useSignedIn();
  const bound = signedIn.state === 'signed_out' ? null : signedIn.credential.tenant;
  const [typed, setTyped] = useState({ tenant: bound ?? usual, url: '', eventTypes: '', description: '' });
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => {
      const { tenant, url, eventTypes, description } = typed;
      return posthorn.endpoints.create(tenant.trim(), { url: url.trim(), eventTypes: linesOf(eventTypes), description });
    },
    onSuccess: async (endpoint) => {
      onMade(endpoint);
      await queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
  });
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    problem: problemAt(error, name),
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  const isShownAtField = (Object.keys(typed) as (keyof typeof typed)[]).some((name) => problemAt(error, name));
  return (
    <form className="form" onSubmit={submit}>
      {bound === null && <TextField label="Tenant" required autoFocus {...field('tenant')} hint="The id of the customer who owns it." />}
      <TextField label="URL" required autoFocus={bound !== null} inputMode="url" placeholder="https://" {...field('url')} />
      <TypeNames>
        {(list) => (
          <TextArea
            label="Event types"
            rows={3}
            {...field('eventTypes')}
            hint={<>One in each line, such as order.created or order.*. Empty: all types.{list}</>}
          />
        )}
      </TypeNames>
      <TextField label="Description" {...field('description')} />
      {error && !isShownAtField && <Problem error={error} />}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" isPending={isPending}>
          Make the endpoint
        </Button>
      </div>
    </form>
  );
}
