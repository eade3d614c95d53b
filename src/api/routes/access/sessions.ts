// /v1/sessions: sign in, read the own session, sign out, list and revoke. A token is shown only in the answer that
// creates its session.
import { z } from 'zod';
import { createSession, listSessions, readSession, revokeSession } from '#db/access/sessions';
import { createdSession, newSession, session } from '#domain/access/session';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { makeSessionToken } from '#sealing/new-api-key';
import { tenantMeant } from '../../access/grant-limits.ts';
import { type SignedIn, signInByCode, signInByKey } from '../../access/sign-in.ts';
import { createdSessionExample, newSessionExample, sessionExample } from '../../examples/sessions.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

/** Needs no key: it is where a person gets a session for one. */
export const signInRoute = (deps: ApiDeps): Route =>
  route({
    method: 'post',
    path: '/v1/sessions',
    operationId: 'createSession',
    summary: 'Sign in',
    description:
      'Exchanges a key, or the code of a sign-in through the OpenID Connect provider, for a session: a bearer token that ends 12 hours later, after 30 minutes without a call, or with its key. Calls with the header `posthorn-background: 1` do not keep it: send it with what a page reads by itself. A session may do what its key may, or what the role of the person allows. The answer has the token, which is shown only once. No cookie is set. An Idempotency-Key is ignored: a repeat makes another session.',
    scope: 'open',
    unkeyed: true,
    audit: 'session.create',
    body: newSession,
    bodyExample: newSessionExample,
    answers: { 201: { description: 'The session, with its token.', schema: createdSession, example: createdSessionExample } },
    problems: [400, 401, 403, 413, 415, 429, 500, 503],
    async handler({ body, caller: { address }, ids, audit }) {
      const signedIn = await signIn(deps, body, address);
      const sessionId = ids.next('ses');
      const { token, hash } = makeSessionToken();
      const { keyId, person, tenantId, actor } = signedIn;
      const configHash = keyId === null ? deps.access.settings.hashFor(person !== null) : null;
      const toMake = { sessionId, hash, keyId, person, configHash, tenantId, scopes: [...signedIn.scopes], address };
      const made = await createSession(deps.db, toMake, {
        ...audit,
        actor: { ...actor, id: actor.kind === 'session' ? sessionId : actor.id },
      });
      return answer(201, { ...made, token });
    },
  });

function signIn({ access, log }: ApiDeps, body: z.output<typeof newSession>, address: string | null): Promise<SignedIn> {
  if ('key' in body) return signInByKey(access, body.key, address);
  if (!access.openIdConnect) throw invalid([{ path: 'code', message: 'cannot be exchanged: no OpenID Connect provider is configured' }]);
  return signInByCode(access.openIdConnect, access.signIns, body, address, log);
}

export function sessionRoutes(deps: ApiDeps): Route[] {
  return [current(deps), signOut(deps), list(deps), revoke(deps)];
}

const current = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/sessions/current',
    operationId: 'getCurrentSession',
    summary: 'Read the own session',
    description: 'Who is signed in, as what, and until when. 404 for a caller that is no session.',
    scope: 'any',
    shared: true,
    answers: { 200: { description: 'The session.', schema: session, example: sessionExample } },
    problems: [404],
    async handler({ caller: { kind, id } }) {
      const found = kind === 'session' && id !== null ? await readSession(db, id) : null;
      if (!found) throw notFound('session');
      return answer(200, found);
    },
  });

const signOut = ({ db, access }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/sessions/current',
    operationId: 'signOut',
    summary: 'Sign out',
    description: 'Ends the session of the caller: at once in the process that answers, and within 5 seconds in all others.',
    scope: 'any',
    shared: true,
    audit: 'session.revoke',
    answers: { 204: { description: 'The session has ended.' } },
    problems: [404],
    async handler({ caller: { kind, id, tenant }, audit }) {
      if (kind !== 'session' || id === null || !(await revokeSession(db, id, tenant?.id ?? null, audit))) throw notFound('session');
      access.callers.forget(id);
      return noContent;
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/sessions',
    operationId: 'listSessions',
    summary: 'List sessions',
    description: 'Newest first, including those that have ended. They are kept for 30 days.',
    scope: 'admin',
    query: listQuery('ses').extend({ tenant: tenantKey.optional() }),
    answers: {
      200: { description: 'A page of sessions.', schema: pageOf(session), example: { data: [sessionExample], nextCursor: null } },
    },
    async handler({ query: { tenant, cursor, limit }, caller }) {
      const meant = await tenantMeant(db, caller, tenant);
      const rows = await listSessions(db, meant?.id ?? null, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit);
    },
  });

const revoke = ({ db, access }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/sessions/:session',
    operationId: 'revokeSession',
    summary: 'Revoke a session',
    description:
      'Signs somebody out: at once in the process that answers, and within 5 seconds in all others. Revoking a session that has ended changes nothing.',
    scope: 'admin',
    audit: 'session.revoke',
    params: z.strictObject({ session: z.string().refine((id) => isId('ses', id)) }),
    answers: { 204: { description: 'The session has ended.' } },
    async handler({ params: { session: id }, caller, audit }) {
      if (!(await revokeSession(db, id, caller.tenant?.id ?? null, audit))) throw notFound('session');
      access.callers.forget(id);
      return noContent;
    },
  });
