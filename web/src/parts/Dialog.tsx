// A dialog over the page. It holds the focus, closes with Escape, and gives the focus back.
import type { ReactNode } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './dialog.css';

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

export function Dialog({ title, isOpen, onClose, place = 'middle', isDismissable = true, children }: DialogProps) {
  const words = useWords();
  return (
    <ModalOverlay
      className={`veil veil-${place}`}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={isDismissable}
      isKeyboardDismissDisabled={!isDismissable}
    >
      <Modal className={`sheet sheet-${place}`}>
        <AriaDialog className="dialog">
          <header className="dialog-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {isDismissable && (
              <Button tone="quiet" aria-label={words.close} onPress={onClose}>
                ✕
              </Button>
            )}
          </header>
          <div className="dialog-body">{children}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
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
        <Button onPress={onClose}>{words.cancel}</Button>
        <Button tone={isDangerous ? 'danger' : 'primary'} onPress={onConfirm} isPending={isPending} because={because}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
