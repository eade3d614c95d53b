import { useNavigate } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';

export function DeleteType({ name, versions, onClose }: { name: string; versions: number; onClose: () => void }) {
  const navigate = useNavigate();
  const { mutate, isPending, error } = useOrder({
    send: () => posthorn.eventTypes.delete(name),
    onDone: () => say(`${name} is deleted from the catalogue.`),
    onward: () => navigate({ to: '/catalogue' }),
    changes: [['event-types']],
  });
  return (
    <Confirm
      title={`Delete ${name}?`}
      isOpen
      onClose={onClose}
      effect={
        <p>
          Deletes the type with {versions === 1 ? 'its version' : `its ${versions} versions`} from the catalogue. Events and subscriptions
          stay as they are; later events of the type are unregistered.
        </p>
      }
      action="Delete"
      isDangerous
      isPending={isPending}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}
