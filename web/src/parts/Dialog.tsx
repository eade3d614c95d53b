// A dialog over the page. It holds the focus, closes with Escape, and gives the focus back.
import { type ReactNode, Suspense } from 'react';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import { lazyPart } from './lazy-page.ts';

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** `side`: a sheet at the right edge. */
  place?: 'middle' | 'side';
  /** False: only what is in it can close it. */
  isDismissable?: boolean;
  children: ReactNode;
}

const DialogSheet = lazyPart(() => import('./DialogSheet.tsx').then((module) => module.DialogSheet));

export function Dialog({ isOpen, ...props }: DialogProps) {
  if (!isOpen) return null;
  return (
    <Suspense fallback={null}>
      <DialogSheet {...props} />
    </Suspense>
  );
}

export interface ConfirmProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** What will happen, with its figures: "Replays 1,204 deliveries to 3 endpoints at 50/s." */
  effect: ReactNode;
  /** The verb on the button. */
  action: string;
  isDangerous?: boolean;
  isPending?: boolean;
  /** Why it cannot be confirmed yet. */
  because?: string | undefined;
  onConfirm: () => void;
  /** Why it was refused, if it was. */
  problem?: ReactNode;
}

/** Asks before something that cannot be undone. */
export function Confirm(props: ConfirmProps) {
  const { title, isOpen, onClose, effect, action, isDangerous = false, isPending = false, because, onConfirm, problem } = props;
  const words = useWords();
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <div>{effect}</div>
      {problem}
      <div className="dialog-actions">
        <Button onPress={onClose}>{isPending ? words.close : words.cancel}</Button>
        <Button tone={isDangerous ? 'danger' : 'primary'} onPress={onConfirm} isPending={isPending} because={because}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
