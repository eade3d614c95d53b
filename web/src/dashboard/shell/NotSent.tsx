// Says that an order was given up, because another person has signed in over the page. It stays until it was read.
import { useSyncExternalStore } from 'react';
import { notSent } from '../../api/not-sent.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';

export function NotSent({ name }: { name: string }) {
  const by = useSyncExternalStore(notSent.subscribe, notSent.by);
  const close = () => notSent.become(null);
  return (
    <Dialog title="What was ordered was not sent" isOpen={by !== null} onClose={close}>
      <p>
        You signed in as <strong>{name}</strong>. What <strong>{by?.shown}</strong> had ordered was not sent.
      </p>
      <div className="dialog-actions">
        <Button tone="primary" onPress={close} autoFocus>
          Close
        </Button>
      </div>
    </Dialog>
  );
}
