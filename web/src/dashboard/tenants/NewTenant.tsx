// The form that makes a tenant.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';

export function NewTenant({ onClose }: { onClose: () => void }) {
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => posthorn.tenants.create({ name, ...(id !== '' && { id }) }),
    onSuccess(made) {
      say(`Tenant ${made.id} is there.`);
      void queries.invalidateQueries({ queryKey: ['tenants'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) mutate(undefined, { onSuccess: ({ id: tenant }) => void navigate({ to: '/tenants/$tenant', params: { tenant } }) });
  };
  const [idProblem, nameProblem] = [problemAt(error, 'id'), problemAt(error, 'name')];
  return (
    <Dialog title="New tenant" isOpen onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField label="Name" value={name} required autoFocus onChange={(event) => setName(event.target.value)} problem={nameProblem} />
        <TextField
          label="Id"
          value={id}
          onChange={(event) => setId(event.target.value)}
          problem={idProblem}
          hint="Your own id of this customer: letters, digits, and . _ - in between. Without one, Posthorn makes one. It cannot be changed."
        />
        {error && !idProblem && !nameProblem && <Problem error={error} />}
        <FormActions action="Make the tenant" isPending={isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
