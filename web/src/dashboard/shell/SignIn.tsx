// Sign-in, on an empty page: through the OpenID Connect provider if there is one, or with a key.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
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

interface ProviderWay {
  /** Signs in through the provider; rejects with words for the person. */
  onProvider: () => Promise<void>;
  /** In a window of its own. Nobody tells when that is closed, so the button opens another at any time. */
  isBeside?: boolean;
}

export function WaysToSignIn(way: ProviderWay) {
  const { data } = useQuery({ queryKey: ['sign-in'], queryFn: ({ signal }) => readMethods(signal) });
  return (
    <>
      {data?.oidc && <ProviderButton {...data.oidc} {...way} />}
      <KeyForm isSecond={Boolean(data?.oidc)} />
    </>
  );
}

function ProviderButton({ name, redirectUri, onProvider, isBeside = false }: ProviderWay & { name: string; redirectUri: string }) {
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
      <Button tone="primary" isPending={isPending && !isBeside} onPress={act} autoFocus>
        Sign in with {name}
      </Button>
      {isPending && isBeside && <p role="status">Go on in the window that has opened. If it is gone, press the button again.</p>}
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
    if (!isPending) act();
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

/** Makes this tab the credential's. Nothing stays of what somebody else had read. */
export function useBecome(): (given: Credential) => void {
  const queries = useQueryClient();
  return (given) => {
    const before = credential.holder();
    credential.signIn(given);
    if (credential.holder() === before) void queries.invalidateQueries();
    else queries.clear();
  };
}

/** The last try, with the reason of its failure. */
function useAttempt(attempt: () => Promise<void>) {
  const [problem, setProblem] = useState<string>();
  const [isPending, setIsPending] = useState(false);
  const tries = useRef(0);
  const act = () => {
    const own = ++tries.current;
    const isLast = () => own === tries.current;
    setIsPending(true);
    setProblem(undefined);
    attempt()
      .catch((error: unknown) => isLast() && setProblem(error instanceof Error ? error.message : 'Posthorn did not answer.'))
      .finally(() => isLast() && setIsPending(false));
  };
  return { act, problem, isPending };
}
