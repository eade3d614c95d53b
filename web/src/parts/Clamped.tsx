// A text of somebody else, of any length: three lines of it, and the rest when asked for.
import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { useWords } from '../words/words.tsx';
import './clamped.css';

interface Clamp {
  /** Of the element that is cut. */
  ref: RefObject<HTMLElement | null>;
  className: string;
  /** Null: nothing is cut. */
  more: ReactNode;
}

/** For an element that must not hold the button, such as a heading. */
export function useClamp(): Clamp {
  const words = useWords();
  const ref = useRef<HTMLElement>(null);
  const [isCut, setIsCut] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || isOpen) return;
    const look = () => setIsCut(element.scrollHeight > element.clientHeight + 1);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  });
  const more = isCut && (
    <button type="button" className="clamped-more" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
      {isOpen ? words.showLess : words.showAll}
    </button>
  );
  return { ref, className: isOpen ? '' : 'clamped', more };
}

export function Clamped({ children }: { children: ReactNode }) {
  const { ref, className, more } = useClamp();
  return (
    <>
      <span ref={ref} className={`clamped-text ${className}`}>
        {children}
      </span>
      {more}
    </>
  );
}
