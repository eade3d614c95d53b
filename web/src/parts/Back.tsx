// The way back from one thing to its list. Escape goes back to where one came from, and to the list if one came from elsewhere.
import { useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import type { MouseEvent } from 'react';
import { useCommands } from './commands.ts';
import { pathBefore } from './kept-place.ts';
import { PathLink } from './PathLink.tsx';

export interface BackProps {
  /** The list, below the door. */
  to: string;
  /** What the list is called. */
  text: string;
}

export function Back({ to, text }: BackProps) {
  const { history } = useRouter();
  const canGoBack = useCanGoBack();
  const navigate = useNavigate();
  const act = () => (canGoBack ? history.back() : void navigate({ to }));
  useCommands([{ id: 'back', text: `Back to ${text.toLowerCase()}`, keys: 'Escape', act }]);
  /** The list as it was left, with its filter and its place. */
  const goBack = (event: MouseEvent) => {
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!isPlain || pathBefore() !== to) return;
    event.preventDefault();
    history.back();
  };
  return (
    <PathLink to={to} className="page-back" onClick={goBack}>
      ← {text}
    </PathLink>
  );
}
