// /v1/endpoints/{endpoint}/conformance: checks how the receiver behind an endpoint handles wrong,
// late and repeated requests, and shows the last report.
import { appendAudit } from '#db/audit/audit';
import { readType } from '#db/catalogue/event-types';
import { beginConformanceRun, dropConformanceRun, endConformanceRun, readConformanceReport } from '#db/endpoints/conformance-runs';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readEndpoint } from '#db/endpoints/endpoints';
import { conformanceReport, conformanceRequest } from '#domain/conformance/conformance';
import { obstacles } from '#domain/deliveries/delivery';
import { unverified } from '#domain/endpoints/verification';
import { conformanceReportExample, conformanceRequestExample } from '../../examples/conformance.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from './endpoints.ts';

export function conformanceRoutes(deps: ApiDeps): Route[] {
  return [check(deps), read(deps)];
}

const check = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/conformance',
    operationId: 'checkConformance',
    summary: 'Check the receiver of an endpoint',
    description:
      'Sends about 30 requests to the endpoint, correct and incorrect ones, and judges how the receiver answers: bad signature, stale time, duplicate, reorder, slow, large, unknown type, rotation and replay. All are marked as tests by the header `posthorn-test` and an event id that begins with `test_`. They are no deliveries: they are not listed, retried or counted, and change neither health nor circuit. Takes at most a minute. 409 if the endpoint is not verified, or if another run is in progress.',
    scope: 'endpoints:write',
    audit: 'endpoint.check_conformance',
    params: endpointParams,
    body: conformanceRequest,
    bodyOptional: true,
    bodyExample: conformanceRequestExample,
    answers: { 200: { description: 'The report.', schema: conformanceReport, example: conformanceReportExample } },
    problems: [409, 429],
    async handler({ params, body, members, audit }) {
      const endpoint = await readEndpoint(deps.db, params.endpoint);
      if (!endpoint) throw notFound('endpoint');
      if (endpoint.gateReason === unverified) throw new Problem(409, obstacles.unverified, { code: 'unverified' });
      if (!(await beginConformanceRun(deps.db, endpoint.id)))
        throw new Problem(409, 'Another conformance run of this endpoint is in progress. Wait until it ends.', { code: 'in_progress' });
      const type = body.eventType ?? usualType(endpoint);
      const event = { type, dataText: members.get('data') ?? (await exampleOf(deps, type)) };
      const report = await deps.conformance(endpoint, { event, cases: body.cases, maxAnswerMs: body.maxAnswerMs }).catch(async (error) => {
        await dropConformanceRun(deps.db, endpoint.id);
        throw error;
      });
      if (!report) {
        await dropConformanceRun(deps.db, endpoint.id);
        const headers = { 'retry-after': '10' };
        throw new Problem(429, 'Too many conformance runs are in progress. Retry after the time in Retry-After.', { headers });
      }
      await endConformanceRun(deps.db, endpoint.id, report);
      const { passed, score } = report;
      await appendAudit(deps.db, audit, { target: { kind: 'endpoint', id: endpoint.id }, before: null, after: { passed, score } });
      return answer(200, report);
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/conformance',
    operationId: 'getConformance',
    summary: 'Read the last check of a receiver',
    description: 'The report of the last conformance run of this endpoint. 404 if there is none, or while one is in progress.',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: { 200: { description: 'The report.', schema: conformanceReport, example: conformanceReportExample } },
    async handler({ params }) {
      const report = await readConformanceReport(deps.db, params.endpoint);
      if (!report) throw notFound('report of a conformance run');
      return answer(200, report);
    },
  });

/** `data` of an example of the type in the catalogue, as JSON text. */
async function exampleOf({ db }: ApiDeps, type: string): Promise<string> {
  const [example = {}] = (await readType(db, type))?.versions.at(-1)?.examples ?? [];
  return JSON.stringify(example);
}

/** The first type that the endpoint subscribes to by its full name. */
function usualType({ eventTypes }: StoredEndpoint): string {
  return eventTypes.find((type) => !type.endsWith('*')) ?? 'posthorn.test';
}
