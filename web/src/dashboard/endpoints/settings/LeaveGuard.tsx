// Asks before changes that are not saved are left behind.
import { useBlocker } from '@tanstack/react-router';
import { Confirm } from '../../../parts/Dialog.tsx';

export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const blocker = useBlocker({ shouldBlockFn: () => isDirty, enableBeforeUnload: isDirty, withResolver: true });
  return (
    <Confirm
      title="Leave without saving?"
      isOpen={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      effect={<p>The changes on this page are not saved yet, and are lost when you leave it.</p>}
      action="Leave the page"
      isDangerous
      onConfirm={() => blocker.proceed?.()}
    />
  );
}
