// What can be done with the selected rows of a list. It stands at the lower edge of the window while something is selected.
import type { ReactNode } from 'react';
import { count } from '../words/format.ts';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './selection-bar.css';

export interface SelectionBarProps {
  selected: ReadonlySet<string>;
  onClear: () => void;
  /** The buttons. */
  children: ReactNode;
}

export function SelectionBar({ selected, onClear, children }: SelectionBarProps) {
  const words = useWords();
  return (
    <section className="selection-bar" aria-label={words.selection} hidden={selected.size === 0}>
      <strong aria-live="polite">{words.selected(count(selected.size, words.locale))}</strong>
      {children}
      <div className="selection-clear">
        <Button tone="quiet" aria-label={words.clear} onPress={onClear}>
          <span className="selection-clear-text">{words.clear}</span>
          <span className="selection-clear-sign">✕</span>
        </Button>
      </div>
    </section>
  );
}
