// What a button opens below it: choices or a small form. It stays within the page, for screen readers too. Escape, a click
// elsewhere, or leaving it with Tab closes it.
import { type ReactNode, type RefObject, useEffect, useId, useRef, useState } from 'react';
import { Button } from './Button.tsx';
import './popup.css';

export interface PopupProps {
  /** The text of the button. */
  text: ReactNode;
  /** What is chosen there. */
  label: string;
  /** The edge of the button at which it begins. */
  side?: 'start' | 'end';
  /** `close`: closes it, and gives the focus back. */
  children: (close: () => void) => ReactNode;
}

export function Popup({ text, label, side = 'start', children }: PopupProps) {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const close = () => {
    setIsOpen(false);
    frame.current?.querySelector('button')?.focus();
  };
  useClosing(frame, isOpen, setIsOpen, close);
  return (
    <div className="popup-frame" ref={frame}>
      <Button aria-expanded={isOpen} aria-controls={id} onPress={() => setIsOpen(!isOpen)}>
        {text} <span aria-hidden>▾</span>
      </Button>
      {isOpen && (
        <div id={id} role="group" aria-label={label} className={`popup popup-${side}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Closes what is open when somebody goes elsewhere. `close` also gives the focus back. */
function useClosing(frame: RefObject<HTMLElement | null>, isOpen: boolean, setIsOpen: (open: boolean) => void, close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    if (!isOpen) return;
    const leave = ({ target }: Event) => {
      if (target instanceof Node && !frame.current?.contains(target)) setIsOpen(false);
    };
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      latest.current();
    };
    const element = frame.current;
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    element?.addEventListener('keydown', press);
    return () => {
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
      element?.removeEventListener('keydown', press);
    };
  }, [frame, isOpen, setIsOpen]);
}
