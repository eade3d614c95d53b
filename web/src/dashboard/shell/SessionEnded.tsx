// The session has ended while the page was open: signs in again over the page, which stays as it is for the same person. The
// calls that were refused are repeated then.
import { useEffect, useRef } from 'react';
import { signInBeside } from '../../api/sign-in.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { useBecome, WaysToSignIn } from './SignIn.tsx';
import { useSignOut } from './use-sign-out.ts';

export function SessionEnded({ name }: { name: string }) {
  const become = useBecome();
  const signOut = useSignOut();
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const beside = async () => {
    leaving.current?.abort();
    leaving.current = new AbortController();
    become(await signInBeside(leaving.current.signal));
  };
  return (
    <Dialog title="Your session has ended" isOpen onClose={() => undefined} isDismissable={false}>
      <p>
        You were signed in as <strong>{name}</strong>. A session ends after 30 minutes without use, 12 hours after the sign-in, or with its
        key. Sign in again as the same person, or with the same key, to go on: nothing that you typed is lost, and your last order is sent.
        For anybody else the page starts again, and the order is not sent.
      </p>
      <WaysToSignIn onProvider={beside} isBeside />
      <div className="dialog-actions">
        <Button tone="quiet" onPress={signOut}>
          Leave this page
        </Button>
      </div>
    </Dialog>
  );
}
