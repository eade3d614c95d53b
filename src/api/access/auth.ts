// Express handlers that authenticate a request: bearer token, expiry, address range, rate limit,
// scope.
import type { Request, RequestHandler, Response } from 'express';
import { bootstrapCaller, type Caller, may } from '#domain/access/access';
import type { Quota } from '#domain/access/api-rate';
import { Problem, unauthorized } from '../http/problem.ts';
import type { Route } from '../http/route.ts';
import type { Access } from './access.ts';
import type { Bearer } from './bearer.ts';
import type { Verdict } from './rate-limiter.ts';

/**
 * Puts the caller on `response.locals`. Continues synchronously if the token is cached and the rate limiter needs no
 * database.
 */
export function requireKey({ callers, rates }: Access): RequestHandler {
  function admit(bearer: Bearer | null, request: Request, response: Response): void | Promise<void> {
    const address = request.ip;
    if (!isAdmitted(bearer, address)) throw unauthorized();
    response.locals.caller = { ...bearer.caller, address: address ?? null };
    if (!isBackground(bearer, request)) callers.used(bearer);
    const { quota } = bearer;
    if (!quota) return;
    const verdict = rates.take(nameOf(bearer.caller), quota);
    return verdict instanceof Promise ? verdict.then((one) => enforceRate(one, quota, response)) : enforceRate(verdict, quota, response);
  }

  return (request, response, next) => {
    const [, token] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    const bearer = token === undefined ? null : callers.find(token);
    // Express answers a rejected promise with its error handler
    if (bearer instanceof Promise) return bearer.then((found) => admit(found, request, response)).then(() => next());
    const admitted = admit(bearer, request, response);
    if (admitted instanceof Promise) return admitted.then(() => next());
    next();
  };
}

/** A read that a page makes while nobody is there. It does not keep a session; who marks every request is signed out earlier. */
function isBackground({ caller }: Bearer, { headers }: Request): boolean {
  return caller.kind === 'session' && headers['posthorn-background'] === '1';
}

/** Whether it is known, has not expired, and may call from this address. */
export function isAdmitted(bearer: Bearer | null, address: string | undefined): bearer is Bearer {
  return bearer !== null && (bearer.expiresAtMs === null || bearer.expiresAtMs > Date.now()) && bearer.from(address);
}

/** Sets the headers of draft-ietf-httpapi-ratelimit-headers-09 on every answer to a rate-limited key. Throws a 429. */
function enforceRate(verdict: Verdict, { requests, windowSeconds }: Quota, response: Response): void {
  const { allowed, remaining } = verdict;
  response.setHeader('ratelimit-policy', `"key";q=${requests};w=${windowSeconds}`);
  response.setHeader('ratelimit', `"key";r=${remaining};t=${secondsLeft(verdict)}`);
  if (!allowed) throw refuseRate(verdict);
}

function secondsLeft({ msLeft }: Verdict): number {
  return Math.max(1, Math.ceil(msLeft / 1_000));
}

export function refuseRate(verdict: Verdict): Problem {
  const detail = 'Rate limit of this key exceeded. The request was not processed. Retry after the time in Retry-After.';
  return new Problem(429, detail, { headers: { 'retry-after': String(secondsLeft(verdict)) } });
}

/**
 * Runs before the body is read. Throws a 403 if the key lacks the scope, or is bound to a tenant where that is not
 * allowed.
 */
export function requireScope({ scope, allTenants }: Route): RequestHandler {
  return (_request, response, next) => {
    if (scope === 'open' || scope === 'any') return next();
    const caller = callerOf(response);
    if (!may(caller, scope)) {
      const headers = { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` };
      throw new Problem(403, `This operation needs the scope ${scope}, which the key does not have.`, { headers });
    }
    if (allTenants && caller.tenant) throw new Problem(403, 'This operation needs a key that is not bound to a tenant.');
    next();
  };
}

/** The authenticated caller. For an open route: a caller without scopes. */
export function callerOf({ locals, req }: Response): Caller {
  return locals.caller ?? { ...bootstrapCaller, scopes: [], address: req.ip ?? null };
}

/**
 * The caller's name in rows. It also separates the rate limits of different callers. A session has the name of its key:
 * what it makes belongs to the key.
 */
export function nameOf({ kind, id, signedIn }: Omit<Caller, 'address'>): string {
  return signedIn?.key ?? id ?? kind;
}

/**
 * Whose Idempotency-Keys are told apart from those of others. A person keeps them after a new sign-in, so that a call
 * whose answer was lost is repeated without a second effect.
 */
export function keyOwnerOf(caller: Omit<Caller, 'address'>): string {
  const person = caller.signedIn?.person;
  return person ? JSON.stringify([person.issuer, person.subject]) : nameOf(caller);
}
