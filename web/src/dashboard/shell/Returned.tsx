// What is shown when the provider has returned: the sign-in is finished here, or in the tab that began it.
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { credential } from '../../api/credential.ts';
import { finishReturned, type Returned as ReturnedParameters } from '../../api/sign-in.ts';
import { SignIn, useBecome } from './SignIn.tsx';

// a code works once, and React runs effects twice in development
let finishing: ReturnType<typeof finishReturned> | null = null;

export function Returned({ returned, onDone }: { returned: ReturnedParameters; onDone: () => void }) {
  const [outcome, setOutcome] = useState<{ problem: string } | 'taken' | null>(null);
  const become = useBecome();
  const { history } = useRouter();
  // also when it failed here, and the person has signed in with a key instead
  useEffect(() => credential.subscribe(() => credential.get().state === 'signed_in' && onDone()), [onDone]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    finishing ??= finishReturned(returned);
    finishing.then(
      (finished) => {
        if (!finished) {
          setOutcome('taken');
          return window.close();
        }
        // an address of another origin is none of the router's
        history.replace(finished.returnTo.startsWith('/dashboard') ? finished.returnTo : '/dashboard/');
        become(finished.credential);
      },
      (error: unknown) => setOutcome({ problem: error instanceof Error ? error.message : 'The sign-in failed.' }),
    );
  }, []);
  if (outcome !== null && outcome !== 'taken') return <SignIn problem={outcome.problem} />;
  return (
    <main className="sign-in">
      <p role="status">{outcome === 'taken' ? 'You are signed in. You can close this window.' : 'Signing you in…'}</p>
    </main>
  );
}
