// Sign-in, on an empty page: through the OpenID Connect provider if there is one, or with a key.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Credential, credential } from '../../api/credential.ts';
import { exchange, leaveForProvider, readMethods } from '../../api/sign-in.ts';
import { Button } from '../../parts/Button.tsx';
import { TextField } from '../../parts/Field.tsx';
import './sign-in.css';

export function SignIn({ problem }: { problem?: string | undefined }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>Sign in to Posthorn</h1>
        {problem && (
          <p className="sign-in-problem" role="alert">
            {problem}
          </p>
        )}
        <WaysToSignIn onProvider={leaveForProvider} />
      </div>
    </main>
  );
}

/** `onProvider`: signs in through the provider; rejects with words for the person. */
export function WaysToSignIn({ onProvider }: { onProvider: () => Promise<void> }) {
  const { data } = useQuery({ queryKey: ['sign-in'], queryFn: ({ signal }) => readMethods(signal) });
  return (
    <>
      {data?.oidc && <ProviderButton {...data.oidc} onProvider={onProvider} />}
      <KeyForm isSecond={Boolean(data?.oidc)} />
    </>
  );
}

function ProviderButton({ name, redirectUri, onProvider }: { name: string; redirectUri: string; onProvider: () => Promise<void> }) {
  const { act, problem, isPending } = useAttempt(onProvider);
  const { origin } = new URL(redirectUri);
  if (origin !== location.origin)
    return (
      <p className="sign-in-note">
        To sign in with {name}, open the dashboard at <a href={`${origin}/dashboard/`}>{origin}</a>.
      </p>
    );
  return (
    <div className="sign-in-provider">
      <Button tone="primary" isPending={isPending} onPress={act} autoFocus>
        Sign in with {name}
      </Button>
      {problem && (
        <p className="sign-in-problem" role="alert">
          {problem}
        </p>
      )}
      <p className="sign-in-or" aria-hidden>
        <span>or</span>
      </p>
    </div>
  );
}

function KeyForm({ isSecond }: { isSecond: boolean }) {
  const become = useBecome();
  const [key, setKey] = useState('');
  const { act, problem, isPending } = useAttempt(async () => become(await exchange({ key: key.trim() })));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act();
  };
  return (
    <form className="sign-in-form" onSubmit={submit}>
      <TextField
        label="API key"
        type="password"
        name="key"
        required
        autoFocus={!isSecond}
        value={key}
        problem={problem}
        onChange={(event) => setKey(event.target.value)}
        hint="The first one is in the file api-key of the data folder, or in POSTHORN_API_KEY."
      />
      <Button type="submit" tone={isSecond ? 'plain' : 'primary'} isPending={isPending}>
        Sign in
      </Button>
    </form>
  );
}

/** Makes this tab the credential's. What somebody else had read is read again. */
export function useBecome(): (given: Credential) => void {
  const queries = useQueryClient();
  return (given) => {
    const before = credential.get();
    const isSame = before.state !== 'signed_out' && before.credential.name === given.name && before.credential.tenant === given.tenant;
    credential.signIn(given);
    void (isSame ? queries.invalidateQueries() : queries.resetQueries());
  };
}

/** One try at a time, with the reason of the last failure. */
function useAttempt(attempt: () => Promise<void>) {
  const [problem, setProblem] = useState<string>();
  const [isPending, setIsPending] = useState(false);
  const act = () => {
    setIsPending(true);
    setProblem(undefined);
    attempt()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : 'Posthorn did not answer.'))
      .finally(() => setIsPending(false));
  };
  return { act, problem, isPending };
}
