// Ids, and a button that copies a text.
import { useEffect, useState } from 'react';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './copy.css';

export interface CopyProps {
  /** A function is called when the button is pressed. */
  text: string | (() => string);
  /** What is copied, for screen readers and for the button: "as curl". */
  what?: string;
}

export function Copy({ text, what }: CopyProps) {
  const words = useWords();
  const [isDone, setIsDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setIsDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = () => {
    void copyText(typeof text === 'function' ? text() : text).then(() => setIsDone(true));
  };
  return (
    <Button tone="quiet" onPress={copy}>
      <span aria-live="polite" className="copy">
        {isDone ? `✓ ${words.copied}` : what === undefined ? words.copy : words.copyWhat(what)}
      </span>
    </Button>
  );
}

/** The clipboard of the browser needs a secure origin; http://localhost is one, a plain address in a network is none. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** An id in monospace with its copy button. */
export function Id({ id }: { id: string }) {
  return (
    <span className="id">
      <code>{id}</code>
      <Copy text={id} />
    </span>
  );
}
