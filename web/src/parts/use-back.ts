// Back to where one came from, and to the list if one came from elsewhere. Escape does the same.
import { useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import { useCommands } from './commands.ts';

/** `list`: what the list is called. */
export function useBack(to: string, list: string): void {
  const { history } = useRouter();
  const canGoBack = useCanGoBack();
  const navigate = useNavigate();
  useCommands([{ id: 'back', text: `Back to ${list}`, keys: 'Escape', act: () => (canGoBack ? history.back() : void navigate({ to })) }]);
}
