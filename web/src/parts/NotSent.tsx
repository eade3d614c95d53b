// Says that an order was given up, because another person has signed in over the page. It stays until it was read.
import { type ReactNode, useSyncExternalStore } from 'react';
import { type GivenUp, notSent } from '../api/not-sent.ts';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

export interface NotSentProps {
  titleOf: (given: GivenUp) => string;
  children: (given: GivenUp) => ReactNode;
}

export function NotSent({ titleOf, children }: NotSentProps) {
  const given = useSyncExternalStore(notSent.subscribe, notSent.get);
  const { close: text } = useWords();
  const close = () => notSent.become(null);
  if (given === null) return null;
  return (
    <Dialog title={titleOf(given)} isOpen onClose={close}>
      <p>{children(given)}</p>
      <div className="dialog-actions">
        <Button tone="primary" onPress={close} autoFocus>
          {text}
        </Button>
      </div>
    </Dialog>
  );
}
