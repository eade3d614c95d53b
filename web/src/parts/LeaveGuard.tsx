// Asks before what was typed on a page is left behind.
import { useBlocker } from '@tanstack/react-router';
import { useWords } from '../words/words.tsx';
import { Confirm } from './Dialog.tsx';

/** What leads on after a save gives `ignoreBlocker`: the page does not know yet that it was saved. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const words = useWords();
  const blocker = useBlocker({ shouldBlockFn: () => isDirty, enableBeforeUnload: isDirty, withResolver: true });
  return (
    <Confirm
      title={words.leaveTitle}
      isOpen={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      effect={<p>{words.leaveEffect}</p>}
      action={words.leave}
      isDangerous
      onConfirm={() => blocker.proceed?.()}
    />
  );
}
