// The dialog itself: read when the first one opens.
import { useRef } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import type { DialogProps } from './Dialog.tsx';
import './dialog.css';

export function DialogSheet({ title, onClose, place = 'middle', isDismissable = true, children }: Omit<DialogProps, 'isOpen'>) {
  const words = useWords();
  const sheet = useRef<HTMLDivElement>(null);
  return (
    <ModalOverlay
      className={`veil veil-${place}`}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      isDismissable={isDismissable}
      isKeyboardDismissDisabled={!isDismissable}
      // a click beside it must not throw away what was typed
      shouldCloseOnInteractOutside={() => !sheet.current?.querySelector('input, select, textarea')}
    >
      <Modal ref={sheet} className={`sheet sheet-${place}`}>
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
