// /v1/portal-links: create, list, describe and revoke portal links. A token is shown only in the answer
// that creates it.
import { z } from 'zod';
import { createPortalLink, listPortalLinks, readCurrentLink, revokePortalLink } from '#db/access/portal-links';
import { scopesOf } from '#domain/access/access';
import {
  createdPortalLink,
  currentPortalLink,
  newPortalLink,
  portalLink,
  portalUrl,
  usualLife,
  usualScopes,
} from '#domain/access/portal-link';
import { durationMs } from '#domain/deliveries/retry-schedule';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { nameOf } from '../../access/auth.ts';
import { linkEnd, refuseMore, tenantMeant } from '../../access/grant-limits.ts';
import { createdPortalLinkExample, currentPortalLinkExample, newPortalLinkExample, portalLinkExample } from '../../examples/access.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export function portalLinkRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), current(deps), revoke(deps)];
}

const create = ({ db, access, publicOrigin }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/portal-links',
    operationId: 'createPortalLink',
    summary: 'Create a portal link',
    description:
      'A portal link is a short-lived token with which the consumers of one tenant manage their endpoints and see their deliveries. The answer contains the token, which is shown only once: send it as a bearer token, like an API key, or open `url`, the portal with this token. `theme`, `language` and `origins` say how the portal looks and which sites may embed it.',
    scope: 'admin',
    audit: 'portal_link.create',
    body: newPortalLink,
    bodyExample: newPortalLinkExample,
    answers: {
      201: {
        description: 'The link, with its token.',
        schema: createdPortalLink,
        example: createdPortalLinkExample,
      },
    },
    problems: [404],
    async handler({ body, caller, ids, audit }) {
      const scopes = scopesOf(body.scopes ?? usualScopes);
      refuseMore(caller, scopes);
      const tenant = await tenantMeant(db, caller, body.tenant);
      if (!tenant) throw invalid([{ path: 'tenant', message: 'is missing' }]);
      const toMake = {
        linkId: ids.next('lnk'),
        tenantId: tenant.id,
        scopes,
        theme: body.theme ?? {},
        language: body.language ?? null,
        origins: [...new Set(body.origins)],
        expiresAt: linkEnd(caller, body.expiresIn === undefined ? undefined : durationMs(body.expiresIn), durationMs(usualLife)),
        createdBy: nameOf(caller),
      };
      const made = await createPortalLink(db, toMake, audit);
      if (!made) throw notFound('tenant');
      const token = await access.tokens.sign({ linkId: made.id, tenantId: tenant.id, expiresAtMs: Date.parse(made.expiresAt) });
      return answer(201, { ...made, token, url: portalUrl(publicOrigin, { ...made, token }) });
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/portal-links',
    operationId: 'listPortalLinks',
    summary: 'List portal links',
    description: 'Newest first, including revoked and expired links. They are kept for 30 days.',
    scope: 'admin',
    query: listQuery('lnk').extend({ tenant: tenantKey.optional() }),
    answers: {
      200: { description: 'A page of links.', schema: pageOf(portalLink), example: { data: [portalLinkExample], nextCursor: null } },
    },
    async handler({ query: { tenant, cursor, limit }, caller }) {
      const meant = await tenantMeant(db, caller, tenant);
      const rows = await listPortalLinks(db, meant?.id ?? null, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit);
    },
  });

const current = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/portal-links/current',
    operationId: 'getCurrentPortalLink',
    summary: 'Describe the portal link of this call',
    description:
      'For the portal: whose it is, what its token may do, until when, and how the portal looks. The call must carry the token of a portal link; with an API key it is a 404.',
    scope: 'any',
    shared: true,
    answers: { 200: { description: 'The link.', schema: currentPortalLink, example: currentPortalLinkExample } },
    problems: [404],
    async handler({ caller: { kind, id } }) {
      const found = kind === 'portal_link' && id !== null ? await readCurrentLink(db, id) : null;
      if (!found) throw notFound('link');
      return answer(200, found);
    },
  });

const revoke = ({ db, access }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/portal-links/:link',
    operationId: 'revokePortalLink',
    summary: 'Revoke a portal link',
    description:
      'Takes effect at once in the process that answers, and within 5 seconds in all others. Revoking a revoked link changes nothing.',
    scope: 'admin',
    audit: 'portal_link.revoke',
    params: z.strictObject({ link: z.string().refine((id) => isId('lnk', id)) }),
    answers: { 204: { description: 'The link is revoked.' } },
    async handler({ params: { link }, caller, audit }) {
      if (!(await revokePortalLink(db, link, caller.tenant?.id ?? null, audit))) throw notFound('link');
      access.callers.forget(link);
      return noContent;
    },
  });
