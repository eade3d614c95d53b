// Registers an event type.
import type { EventType } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { type SchemaDraft, SchemaFields, schemaOf } from './SchemaFields.tsx';

export function NewType({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [draft, setDraft] = useState<SchemaDraft>({ schema: '', examples: '' });
  const { mutate, isPending, error } = useMutation({
    mutationFn: (version: NonNullable<ReturnType<typeof schemaOf>>) =>
      posthorn.eventTypes.create({ name: name.trim(), ...(description && { description }), ...version }),
    async onSuccess(made) {
      await queries.invalidateQueries({ queryKey: ['event-types'] });
      say(`${made.name} is registered.`);
    },
  });
  const show = ({ name: type }: EventType) => void navigate({ to: '/catalogue/$type', params: { type } });
  const send = (event: FormEvent) => {
    event.preventDefault();
    const version = schemaOf(draft);
    if (version && !isPending) mutate(version, { onSuccess: show });
  };
  return (
    <Dialog title="Register an event type" isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        <TextField
          label="Name"
          hint="As events name it, such as order.created."
          required
          autoFocus
          value={name}
          problem={problemAt(error, 'name')}
          onChange={({ target }) => setName(target.value)}
        />
        <TextField
          label="Description"
          hint="For consumers: when it happens."
          value={description}
          problem={problemAt(error, 'description')}
          onChange={({ target }) => setDescription(target.value)}
        />
        <SchemaFields draft={draft} onChange={setDraft} error={error} />
        {error && <Problem error={error} />}
        <FormActions action="Register" isPending={isPending} />
      </form>
    </Dialog>
  );
}
