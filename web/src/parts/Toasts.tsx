// Short messages in a corner, read aloud by screen readers: that an order was obeyed, or why not.
import { useSyncExternalStore } from 'react';
import './toasts.css';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
  /** Undefined: that of the page. */
  lang: string | undefined;
}

const shownMs = 6_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function become(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** @example say('Replayed: attempt 5 was accepted.') */
export function say(text: string, tone: Toast['tone'] = 'good', lang?: string): void {
  lastId += 1;
  const id = lastId;
  become([...toasts.slice(-3), { id, tone, text, lang }]);
  setTimeout(() => become(toasts.filter((one) => one.id !== id)), shownMs);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text, lang }) => (
        <p key={id} className={`toast toast-${tone}`} lang={lang}>
          {text}
        </p>
      ))}
    </div>
  );
}
