// /v1/sign-in: how people can sign in, and the first step of a sign-in through the OpenID Connect provider.
import { begunSignIn, signInMethods } from '#domain/access/session';
import { begunSignInExample, signInMethodsExample } from '../../examples/sessions.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export function signInRoutes(deps: ApiDeps): Route[] {
  return [methods(deps), begin(deps)];
}

const methods = ({ access }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/sign-in',
    operationId: 'getSignIn',
    summary: 'Read how to sign in',
    description: 'Which credentials `POST /v1/sessions` takes. Needs no key: the sign-in page shows it.',
    scope: 'open',
    answers: { 200: { description: 'The ways to sign in.', schema: signInMethods, example: signInMethodsExample } },
    async handler() {
      const { openIdConnect: oidc } = access;
      return answer(200, { key: true, oidc: oidc && { name: oidc.name, redirectUri: oidc.redirectUri } });
    },
  });

const begin = ({ access, log }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/sign-in',
    operationId: 'beginSignIn',
    summary: 'Begin a sign-in through the provider',
    description:
      'Makes the URL of the OpenID Connect provider to go to, with state, nonce and a PKCE challenge. Posthorn keeps nothing of it: keep `state`, `nonce` and `verifier` in the tab. When the provider returns, compare the state, and send the code to `POST /v1/sessions`. An Idempotency-Key is ignored.',
    scope: 'open',
    unkeyed: true,
    answers: { 201: { description: 'Where to go, and what to keep.', schema: begunSignIn, example: begunSignInExample } },
    problems: [404, 429, 503],
    async handler({ caller: { address } }) {
      const { openIdConnect: oidc, signIns } = access;
      if (!oidc) throw notFound('OpenID Connect provider');
      return answer(201, await signIns.run(() => oidc.begin(), address, log));
    },
  });
