// Who calls: the bearer key or token, whether it counts now and from there, and whether its rate allows one more.
import type { Request, RequestHandler, Response } from 'express';
import { bootstrapCaller, type Caller, may } from '#domain/access';
import type { Quota } from '#domain/api-rate';
import { Problem, unauthorized } from '../http/problem.ts';
import type { Route } from '../http/route.ts';
import type { Access } from './access.ts';
import type { Bearer } from './authenticate-token.ts';
import type { Verdict } from './rate-limiter.ts';

/** Puts the caller on the response. What is remembered of it is used at once; only what must be asked for is waited for. */
export function requireKey({ callers, rates }: Access): RequestHandler {
  function admit(bearer: Bearer | null, request: Request, response: Response): void | Promise<void> {
    const address = request.ip;
    if (!bearer || (bearer.expiresAtMs !== null && bearer.expiresAtMs <= Date.now()) || !bearer.from(address)) throw unauthorized();
    response.locals.caller = { ...bearer.caller, address: address ?? null };
    callers.used(bearer);
    const { quota } = bearer;
    if (!quota) return;
    const verdict = rates.take(bearer.caller.id ?? '', quota);
    return verdict instanceof Promise ? verdict.then((one) => tell(one, quota, response)) : tell(verdict, quota, response);
  }

  return (request, response, next) => {
    const [, token] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    const bearer = token === undefined ? null : callers.find(token);
    // what rejects is Express's to answer
    if (bearer instanceof Promise) return bearer.then((found) => admit(found, request, response)).then(() => next());
    const admitted = admit(bearer, request, response);
    if (admitted instanceof Promise) return admitted.then(() => next());
    next();
  };
}

/** Headers as draft-ietf-httpapi-ratelimit-headers-09 has them, on every answer to one whose rate is limited. */
function tell({ allowed, remaining, msLeft }: Verdict, { requests, windowSeconds }: Quota, response: Response): void {
  const seconds = Math.max(1, Math.ceil(msLeft / 1_000));
  response.setHeader('ratelimit-policy', `"key";q=${requests};w=${windowSeconds}`);
  response.setHeader('ratelimit', `"key";r=${remaining};t=${seconds}`);
  if (allowed) return;
  const detail = 'This key has used up its rate. Nothing of this request was looked at: repeat it after Retry-After.';
  throw new Problem(429, detail, { headers: { 'retry-after': String(seconds) } });
}

/** Before a route's body is read: 403 for want of its scope, or of all tenants. */
export function requireScope({ scope, allTenants }: Route): RequestHandler {
  return (_request, response, next) => {
    if (scope === 'open') return next();
    const caller = callerOf(response);
    if (!may(caller, scope)) {
      const headers = { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` };
      throw new Problem(403, `This needs the scope ${scope}.`, { headers });
    }
    if (allTenants && caller.tenant) throw new Problem(403, 'This needs a key for all tenants.');
    next();
  };
}

/** Of an open route: nobody, who may nothing. */
export function callerOf({ locals }: Response): Caller {
  return locals.caller ?? { ...bootstrapCaller, scopes: [] };
}

/** How a caller is named in rows, and its Idempotency-Keys apart from those of others. */
export function nameOf({ kind, id }: Caller): string {
  return id ?? kind;
}
