// The button of a row that ends a credential, after its effect was read.
import { type ReactNode, useState } from 'react';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import './access.css';

export interface RevokeProps {
  /** What is revoked, for screen readers: "the key billing". */
  what: string;
  effect: ReactNode;
  /** The resource whose lists are read again. */
  resource: string;
  revoke: () => Promise<void>;
}

export function Revoke({ what, effect, resource, revoke }: RevokeProps) {
  const [isOpen, setIsOpen] = useState(false);
  const lacks = useLacks('admin');
  const { mutate, error, isPending } = useOrder({
    send: revoke,
    onDone: () => say(`Revoked: ${what}. Other processes of Posthorn know it within 5 seconds.`),
    onward: () => setIsOpen(false),
    changes: [[resource]],
  });
  return (
    <>
      <span className="access-act">
        <Button tone="quiet" aria-label={`Revoke ${what}`} because={lacks} onPress={() => setIsOpen(true)}>
          Revoke
        </Button>
      </span>
      <Confirm
        title={`Revoke ${what}?`}
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        effect={effect}
        action="Revoke"
        isDangerous
        isPending={isPending}
        onConfirm={() => mutate()}
        problem={error && <Problem error={error} />}
      />
    </>
  );
}
