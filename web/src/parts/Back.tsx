// The way back from one thing to its list. Escape goes back to where one came from, and to the list if one came from elsewhere.
import { useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import { useCommands } from './commands.ts';
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
  return (
    <PathLink to={to} className="page-back">
      ← {text}
    </PathLink>
  );
}
