// Makes an endpoint.
import { useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { posthorn } from '../../../api/client.ts';
import { useBoundTo } from '../../../api/use.ts';
import { Dialog } from '../../../parts/Dialog.tsx';
import { TextArea, TextField } from '../../../parts/Field.tsx';
import { FormActions } from '../../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../../parts/States.tsx';
import { TenantField } from '../../../parts/SuggestedField.tsx';
import { useTextFields } from '../../../parts/use-text-fields.ts';
import { useMaking } from '../../made-secret.ts';
import { signingSecret } from '../secrets/signing-secret.ts';
import { linesOf } from '../settings/texts.ts';
import { TypeNames } from '../TypeNames.tsx';

export interface NewEndpointProps {
  isOpen: boolean;
  onClose: () => void;
  /** Filled in. */
  tenant?: string;
}

export function NewEndpoint({ isOpen, onClose, tenant }: NewEndpointProps) {
  return (
    <Dialog title="New endpoint" isOpen={isOpen} onClose={onClose}>
      <Form onClose={onClose} usual={tenant ?? ''} />
    </Dialog>
  );
}

function Form({ onClose, usual }: { onClose: () => void; usual: string }) {
  const bound = useBoundTo();
  const { typed, fieldsOf } = useTextFields({ tenant: bound ?? usual, url: '', eventTypes: '', description: '' });
  const navigate = useNavigate();
  const { start, error, isPending } = useMaking({
    make: () => {
      const { tenant, url, eventTypes, description } = typed;
      return posthorn.endpoints.create(tenant.trim(), { url: url.trim(), eventTypes: linesOf(eventTypes), description });
    },
    secretOf: ({ secret }) => signingSecret('The endpoint is there', secret),
    changes: ['endpoints'],
    onMade: ({ id }) => {
      onClose();
      void navigate({ to: '/endpoints/$endpoint', params: { endpoint: id } });
    },
  });
  const field = fieldsOf(error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start();
  };
  const isShownAtField = (Object.keys(typed) as (keyof typeof typed)[]).some((name) => problemAt(error, name));
  return (
    <form className="form" onSubmit={submit}>
      {bound === null && <TenantField required autoFocus {...field('tenant')} hint="The customer who owns it." />}
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
      <FormActions action="Make the endpoint" isPending={isPending} onCancel={onClose} />
    </form>
  );
}
