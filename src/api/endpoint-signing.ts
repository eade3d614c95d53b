// What signing asks for when an endpoint is made, changed, or given a secret: headers that are free, a secret that fits, a key pair that is there.
import { randomBytes } from 'node:crypto';
import type { StoredEndpoint } from '../db/endpoints.ts';
import { liveSecrets } from '../db/secrets.ts';
import { secretProblem } from '../domain/secret.ts';
import { type Signing, secretFormsOf, signingHeaderProblems, signsWithKeyPair } from '../domain/signing.ts';
import { newId } from '../new-id.ts';
import { newSecret, openSecret } from '../secret.ts';
import { newKeyPair } from '../signing-key.ts';
import { openTarget } from '../target.ts';
import type { ApiDeps } from './deps.ts';
import { type FieldError, invalid } from './problem.ts';

type Deps = Pick<ApiDeps, 'db' | 'vault' | 'keyStore'>;

/** The secret to begin with: the given one, if it fits, or a new one. Throws a 422. */
export function secretFor(signing: Signing | null, given: string | undefined): string {
  const forms = secretFormsOf(signing);
  if (given === undefined) return newSecret(forms, randomBytes(32));
  const problems = (forms.length > 0 ? forms : (['whsec'] as const)).map((form) => secretProblem(given, form));
  const [problem] = problems.filter((one) => one !== null);
  if (problem !== undefined) throw invalid([{ path: 'secret', message: problem }]);
  return given;
}

/** Throws a 422 unless these settings can sign; makes the platform's key pair when it is asked for the first time. */
export async function prepareSigning(
  { keyStore, vault }: Omit<Deps, 'db'>,
  signing: Signing | null,
  headers: Record<string, string>,
): Promise<void> {
  refuse(signingHeaderProblems(signing, headers));
  if (signsWithKeyPair(signing)) await keyStore.ensurePlatformKey(() => newKeyPair(vault, newId('sgk')));
}

/** The same for a change of an endpoint that is there, whose secrets must do. */
export async function prepareSigningChange(
  { db, vault, keyStore }: Deps,
  before: StoredEndpoint,
  change: { signing?: Signing | null | undefined; headers?: Record<string, string> | undefined },
): Promise<void> {
  const signing = change.signing === undefined ? before.signing : change.signing;
  await prepareSigning({ keyStore, vault }, signing, change.headers ?? openTarget(vault, before.id, before.sealed).headers);
  if (change.signing === undefined) return;
  const secrets = await liveSecrets(db, before.id);
  const texts = secrets.map(({ secretId, sealed }) => openSecret(vault, secretId, sealed));
  const unfit = secretFormsOf(signing).filter((form) => !texts.some((text) => secretProblem(text, form) === null));
  refuse(
    unfit.map((form) => ({
      path: 'signing',
      message: `no live secret of the endpoint fits: it ${secretProblem('', form)}; rotate to one that does while the secret is used as text`,
    })),
  );
}

function refuse(problems: FieldError[]): void {
  if (problems.length > 0) throw invalid(problems);
}
