// Sign-in with an API key, on an empty page and in a dialog over the page when the session has ended.
import { PosthornProblem } from '@posthorn/client';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Credential, credential } from '../../api/credential.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import './sign-in.css';

export function SignIn() {
  return (
    <main className="sign-in">
      <h1>Posthorn</h1>
      <KeyForm />
    </main>
  );
}

export function SessionEnded() {
  return (
    <Dialog title="Your session has ended" isOpen onClose={() => undefined} isDismissable={false}>
      <p>Sign in again to go on. Nothing that you typed is lost.</p>
      <KeyForm />
      <Button tone="quiet" onPress={credential.signOut}>
        Leave this page and sign out
      </Button>
    </Dialog>
  );
}

function KeyForm() {
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isPending, setIsPending] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsPending(true);
    setProblem(undefined);
    try {
      credential.signIn(await exchange(key.trim()));
      await queries.invalidateQueries();
    } catch (error) {
      setProblem(error instanceof PosthornProblem || error instanceof Error ? error.message : 'Posthorn did not answer.');
    } finally {
      setIsPending(false);
    }
  };
  return (
    <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
      <TextField
        label="API key"
        type="password"
        name="key"
        required
        autoFocus
        value={key}
        problem={problem}
        onChange={(event) => setKey(event.target.value)}
        hint="The first one is in the file api-key of the data folder, or in POSTHORN_API_KEY."
      />
      <Button type="submit" tone="primary" isPending={isPending}>
        Sign in
      </Button>
    </form>
  );
}

/** Rejects if the key is refused. */
async function exchange(key: string): Promise<Credential> {
  const response = await fetch('/v1/deliveries?limit=1', { headers: { authorization: `Bearer ${key}` }, cache: 'no-store' });
  if (response.status === 401) throw new Error('This key is not known, or it has expired.');
  if (!response.ok) throw new Error('This key may not read deliveries.');
  return { token: key, scopes: ['admin'], name: `${key.slice(0, 8)}…`, tenant: null };
}
