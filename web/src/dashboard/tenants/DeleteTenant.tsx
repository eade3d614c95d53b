// Deletes a tenant, after its id was typed.
import type { Tenant } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';

export function DeleteTenant({ tenant, because }: { tenant: Tenant; because: string | undefined }) {
  const [isOpen, setIsOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const { mutate, error, isPending } = useOrder({
    send: () => posthorn.tenants.delete(tenant.id),
    onDone: () => say(`Tenant ${tenant.id} is deleted.`),
    onward: () => navigate({ to: '/tenants' }),
    changes: [[]],
  });
  const effect = (
    <>
      <p>
        Deletes the tenant <strong>{tenant.name}</strong> with all its endpoints. Deliveries that are not finished are cancelled. Its API
        keys and portal links end. This cannot be undone.
      </p>
      <TextField label={`Type ${tenant.id} to confirm`} value={typed} onChange={(event) => setTyped(event.target.value)} />
    </>
  );
  return (
    <>
      <Button tone="danger" because={because} onPress={() => setIsOpen(true)}>
        Delete
      </Button>
      <Confirm
        title="Delete this tenant?"
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        effect={effect}
        action="Delete the tenant"
        isDangerous
        isPending={isPending}
        because={typed === tenant.id ? undefined : 'type the id first'}
        onConfirm={() => mutate()}
        problem={error && <Problem error={error} />}
      />
    </>
  );
}
