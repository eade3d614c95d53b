// Checks what `POST /v1/sessions` is given: a key, as every other call checks it, or the code of a sign-in through the
// OpenID Connect provider.
import { bootstrapCaller, type Caller } from '#domain/access/access';
import type { AuditActor } from '#domain/access/audit';
import { type CodeToExchange, nameOfPerson, type Person, scopesOfRole } from '#domain/access/session';
import type { OpenIdConnect } from '#oidc/open-id-connect';
import type { Logger } from '#runtime/logger';
import { Problem, unauthorized } from '../http/problem.ts';
import type { Access } from './access.ts';
import { isAdmitted, nameOf, refuseRate } from './auth.ts';
import type { SignInLimit } from './sign-in-limit.ts';

/** What a session is made of: of a key, or of a person with a role. */
export interface SignedIn {
  keyId: string | null;
  person: Person | null;
  tenantId: string | null;
  scopes: Caller['scopes'];
  /** Of a person the id of the session is yet to come. */
  actor: AuditActor;
}

/** Throws a 401 for anything but an API key or the bootstrap key, and a 429 beyond the rate limit of the key. */
export async function signInByKey({ callers, rates }: Access, key: string, address: string | null): Promise<SignedIn> {
  const bearer = await callers.find(key);
  const { kind, id, tenant, scopes } = bearer?.caller ?? bootstrapCaller;
  // a session or a portal link cannot become a session that outlives it
  if (!isAdmitted(bearer, address ?? undefined) || (kind !== 'api_key' && kind !== 'bootstrap')) throw unauthorized();
  if (bearer.quota) {
    const verdict = await rates.take(nameOf(bearer.caller), bearer.quota);
    if (!verdict.allowed) throw refuseRate(verdict);
  }
  callers.used(bearer);
  return { keyId: id, person: null, tenantId: tenant?.id ?? null, scopes, actor: { kind, id } };
}

/** Throws a 401 if the code is not valid, and a 403 if the person has no role. */
export async function signInByCode(
  oidc: OpenIdConnect,
  signIns: SignInLimit,
  code: CodeToExchange,
  address: string | null,
  log: Logger,
): Promise<SignedIn> {
  const { person, role } = await signIns.run(() => oidc.finish(code), address, log);
  if (role === null) throw noRole(person, log);
  return {
    keyId: null,
    person,
    tenantId: null,
    scopes: scopesOfRole[role],
    actor: { kind: 'session', id: null, name: nameOfPerson(person) },
  };
}

function noRole(person: Person, log: Logger): Problem {
  log.warn({ issuer: person.issuer, subject: person.subject }, 'access.sign_in_without_role');
  return new Problem(
    403,
    `${nameOfPerson(person)} has no role here. Ask the operator of this Posthorn for one (POSTHORN_OIDC_VIEWERS, _OPERATORS, _ADMINS).`,
  );
}
