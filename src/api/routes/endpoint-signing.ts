// What signing asks for when an endpoint is made, changed, or given a secret: headers that are free, a secret that fits, a key pair that is there.
import { randomBytes } from 'node:crypto';
import { readTenant } from '#db/access/tenants';
import type { OtherChanges } from '#db/endpoints/endpoint-changes';
import { readEndpoint } from '#db/endpoints/endpoints';
import type { Rotation, SealedSecret } from '#db/endpoints/secrets';
import { newKeyPair } from '#db/keys/signing-key';
import { secretProblem } from '#domain/secret';
import { type Signing, secretFormsOf, signingHeaderProblems, signsWithKeyPair } from '#domain/signing';
import { newId } from '#runtime/new-id';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { newSecret, openSecret, sealSecret } from '#sealing/secret';
import { type FieldError, invalid, notFound } from '../http/problem.ts';
import type { ApiDeps } from './deps.ts';

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

/** Throws a 422 unless these settings can sign, and a 404 for an unknown tenant; makes the tenant's first key pair where they need one. */
export async function prepareSigning(deps: Deps, tenant: string, signing: Signing | null, headers: Record<string, string>): Promise<void> {
  refuse(signingHeaderProblems(signing, headers));
  if (signsWithKeyPair(signing)) await ensureKeyPair(deps, tenant);
}

/** In a transaction of its own, before the endpoint's: a key pair that no endpoint uses yet does no harm. */
async function ensureKeyPair({ db, keyStore, vault }: Deps, tenant: string): Promise<void> {
  const found = await readTenant(db, tenant);
  if (!found) throw notFound('tenant');
  await keyStore.ensureTenantKey(found.id, () => newKeyPair(vault, newId('sgk')));
}

/** Seals the secret that an endpoint is rotated to: one that fits how it is signed then, and that does not sign already. Throws a 422. */
export function sealNext({ vault }: Pick<Deps, 'vault'>, secretId: string, given: string | undefined): Rotation['seal'] {
  const isGiven = (other: SealedSecret) => openSecret(vault, other.secretId, other.sealed) === given;
  return (signing, others) => {
    const text = secretFor(signing, given);
    if (given !== undefined && others.some(isGiven)) throw invalid([{ path: 'secret', message: 'signs already' }]);
    return sealSecret(vault, secretId, text);
  };
}

/** The same as `prepareSigning` for an endpoint that is there. What it returns judges under the endpoint's lock, and throws a 422; undefined: there is nothing to judge. */
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

/** Those before the newest are about to end: what they fit does not count. */
function unfitFor(signing: Signing | null, newest: string): FieldError[] {
  return secretFormsOf(signing).flatMap((form) => {
    const problem = secretProblem(newest, form);
    const way = 'rotate to one that does, while the secret is used as text';
    return problem === null ? [] : [{ path: 'signing', message: `the endpoint's newest secret does not fit: it ${problem}; ${way}` }];
  });
}

function refuse(problems: FieldError[]): void {
  if (problems.length > 0) throw invalid(problems);
}
