// Checks the signing settings when an endpoint is created or changed, or its secret is rotated: no
// header is set twice, the secret has the right form, and the tenant has a key pair if one is
// needed.
import { randomBytes } from 'node:crypto';
import { readTenant } from '#db/access/tenants';
import type { OtherChanges } from '#db/endpoints/endpoint-changes';
import { readEndpoint } from '#db/endpoints/endpoints';
import type { Rotation, SealedSecret } from '#db/endpoints/secrets';
import { newKeyPair } from '#db/keys/signing-key';
import { secretProblem } from '#domain/endpoints/secret';
import { type Signing, secretFormsOf, signingHeaderProblems, signsWithKeyPair } from '#domain/endpoints/signing';
import { newId } from '#runtime/new-id';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { newSecret, openSecret, sealSecret } from '#sealing/secret';
import { type FieldError, invalid, notFound } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

type Deps = Pick<ApiDeps, 'db' | 'vault' | 'keyStore'>;

/**
 * The first secret of an endpoint: the given one, or a random one. Throws a 422 if the given one has the wrong form.
 */
export function secretFor(signing: Signing | null, given: string | undefined): string {
  const forms = secretFormsOf(signing);
  if (given === undefined) return newSecret(forms, randomBytes(32));
  const problems = (forms.length > 0 ? forms : (['whsec'] as const)).map((form) => secretProblem(given, form));
  const [problem] = problems.filter((one) => one !== null);
  if (problem !== undefined) throw invalid([{ path: 'secret', message: problem }]);
  return given;
}

/**
 * Throws a 422 for settings that cannot sign, and a 404 for an unknown tenant. Creates the tenant's first key pair if
 * the settings need one.
 */
export async function prepareSigning(deps: Deps, tenant: string, signing: Signing | null, headers: Record<string, string>): Promise<void> {
  refuse(signingHeaderProblems(signing, headers));
  if (signsWithKeyPair(signing)) await ensureKeyPair(deps, tenant);
}

/** Runs in a separate transaction before the endpoint's: an unused key pair is harmless. Harmless to repeat. */
async function ensureKeyPair({ db, keyStore, vault }: Deps, tenant: string): Promise<void> {
  const found = await readTenant(db, tenant);
  if (!found) throw notFound('tenant');
  await keyStore.ensureTenantKey(found.id, () => newKeyPair(vault, newId('sgk')));
}

/**
 * Encrypts the next secret of an endpoint. The returned function throws a 422 for a secret of the wrong form or already
 * in use.
 */
export function sealNext({ vault }: Pick<Deps, 'vault'>, secretId: string, given: string | undefined): Rotation['seal'] {
  const isGiven = (other: SealedSecret) => openSecret(vault, other.secretId, other.sealed) === given;
  return (signing, others) => {
    const text = secretFor(signing, given);
    if (given !== undefined && others.some(isGiven)) throw invalid([{ path: 'secret', message: 'is already in use for signing' }]);
    return sealSecret(vault, secretId, text);
  };
}

/**
 * `prepareSigning` for an existing endpoint. The returned function checks the change under the endpoint's lock, and
 * throws a 422. Undefined: there is nothing to check.
 */
export async function prepareSigningChange(
  deps: Deps,
  endpointId: string,
  { signing, headers }: { signing?: Signing | null | undefined; headers?: Record<string, string> | undefined },
): Promise<OtherChanges['judgeSigning']> {
  if (signing === undefined && headers === undefined) return undefined;
  if (signing !== undefined && signsWithKeyPair(signing)) {
    const endpoint = await readEndpoint(deps.db, endpointId);
    if (!endpoint) throw notFound('endpoint');
    await prepareSigning(deps, endpoint.tenant, signing, headers ?? {});
  }
  const { vault } = deps;
  return (before, newest) => {
    const after = signing === undefined ? before.signing : signing;
    refuse(signingHeaderProblems(after, headers ?? openTarget(vault, endpointId, before.sealed).headers));
    if (signing !== undefined) refuse(unfitFor(signing, newest ? openSecret(vault, newest.secretId, newest.sealed) : ''));
  };
}

/** Checks only the newest secret: earlier ones end soon. */
function unfitFor(signing: Signing | null, newest: string): FieldError[] {
  return secretFormsOf(signing).flatMap((form) => {
    const problem = secretProblem(newest, form);
    const way = 'rotate to a secret of that form first, while the secret is used as text';
    return problem === null
      ? []
      : [{ path: 'signing', message: `does not fit the newest secret of the endpoint, which ${problem}; ${way}` }];
  });
}

function refuse(problems: FieldError[]): void {
  if (problems.length > 0) throw invalid(problems);
}
