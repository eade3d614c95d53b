// /v1/alerts: list, read and acknowledge alerts. Alerts about Posthorn itself need a key of all tenants with the scope admin,
// or a session of all tenants.
import { z } from 'zod';
import { acknowledgeAlert, listAlerts, readAlert } from '#db/alerts/alerts';
import { seesOnlyOwnersAlerts } from '#domain/access/access';
import { alertKind, alertState, alertStates, alertView, severitiesFrom, severity } from '#domain/alerts/alert';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { nameOf } from '../../access/auth.ts';
import { acknowledgedAlertExample, alertExample } from '../../examples/alerts.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const params = z.strictObject({ alert: z.string().refine((id) => isId('alr', id)) });

export function alertRoutes(deps: ApiDeps): Route[] {
  return [list(deps), read(deps), acknowledge(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/alerts',
    operationId: 'listAlerts',
    summary: 'List alerts',
    description:
      'Newest first. An alert opens once, changes while it is open, and closes when its cause ends. Closed alerts are kept for 90 days. Alerts about the installation itself are shown to admin keys of all tenants, and to sessions of all tenants.',
    scope: 'endpoints:read',
    query: listQuery('alr').extend({
      tenant: tenantKey.optional().describe('Only alerts of this tenant.'),
      kind: alertKind.optional().describe('Only alerts of this kind.'),
      state: z
        .union([alertState, z.array(alertState).max(alertStates.length)])
        .optional()
        .describe('Only alerts in this state. Repeat the parameter for several states.'),
      minSeverity: severity.optional().describe('Only alerts that are at least so severe.'),
      endpoint: endpointId.optional().describe('Only alerts about this endpoint.'),
    }),
    answers: { 200: { description: 'A page of alerts.', schema: pageOf(alertView), example: { data: [alertExample], nextCursor: null } } },
    async handler({ query: { tenant = null, kind = null, state, minSeverity = 'info', endpoint = null, cursor, limit }, caller }) {
      const wanted = { states: state === undefined ? null : [state].flat(), severities: severitiesFrom(minSeverity) };
      const filter = { tenant, kind, endpoint, ...wanted, onlyOwners: seesOnlyOwnersAlerts(caller) };
      const rows = await listAlerts(db, filter, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit);
    },
  });

const read = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/alerts/:alert',
    operationId: 'getAlert',
    summary: 'Read an alert',
    description: 'What happened, how often, and what to do about it.',
    scope: 'endpoints:read',
    params,
    answers: { 200: { description: 'The alert.', schema: alertView, example: alertExample } },
    async handler({ params: { alert }, caller }) {
      const found = await readAlert(db, alert, seesOnlyOwnersAlerts(caller));
      if (!found) throw notFound('alert');
      return answer(200, found);
    },
  });

const acknowledge = ({ db }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/alerts/:alert/acknowledge',
    operationId: 'acknowledgeAlert',
    summary: 'Acknowledge an alert',
    description:
      'Says that somebody works on it. The alert still closes when its cause ends. PagerDuty channels are told. An alert that is not open stays as it is.',
    scope: 'endpoints:write',
    audit: 'alert.acknowledge',
    params,
    answers: { 200: { description: 'The alert as it is now.', schema: alertView, example: acknowledgedAlertExample } },
    async handler({ params: { alert }, caller, audit }) {
      const found = await acknowledgeAlert(db, alert, nameOf(caller), seesOnlyOwnersAlerts(caller), audit);
      if (!found) throw notFound('alert');
      return answer(200, found);
    },
  });
