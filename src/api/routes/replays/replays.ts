// /v1/replays: start, list, read and command replay jobs.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { listReplays } from '#db/replays/replays';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { dryRun, newReplay, type ReplayCommand, replayChange, replayStatus, replayStatuses, replayView } from '#domain/replays/replay';
import { newReplayExample, replayExample } from '../../examples/replays.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import { linksFor } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';
import { showReplay, showReplayOf, tagsOfReplay } from './show-replay.ts';
import { startReplay } from './start-replay.ts';

const params = z.strictObject({ replay: z.string().refine((id) => isId('rpl', id)) });

export function replayRoutes(deps: ApiDeps): Route[] {
  return [
    create(deps),
    list(deps),
    read(deps),
    change(deps),
    command(deps, 'pause', 'Pause a replay job', 'What is due within a second is still sent. 409 if the job has ended.'),
    command(deps, 'resume', 'Resume a replay job', 'Goes on where it was, also after it has failed. 409 if the job is done or cancelled.'),
    command(deps, 'cancel', 'Cancel a replay job', 'What it has replayed goes on: it stays replayed. 409 if the job is done.'),
  ];
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/replays',
    operationId: 'createReplay',
    summary: 'Start a replay job',
    description:
      'Delivers again what was not delivered, or delivers events that an endpoint never got: all that matches, each once, at a pace. A delivery gets a new round and starts at the beginning of its retry schedule. With `dryRun` nothing is started.',
    scope: 'deliveries:act',
    audit: 'replay.create',
    body: newReplay,
    bodyExample: newReplayExample,
    answers: {
      200: { description: 'With `dryRun`: what would be replayed.', schema: dryRun, example: { matched: 1_204, endpoints: 3, tenants: 1 } },
      202: { description: 'The job.', schema: replayView, example: replayExample },
    },
    problems: [404],
    handler: (call) => startReplay(deps, call),
  });

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/replays',
    operationId: 'listReplays',
    summary: 'List replay jobs',
    description: 'Newest first. Jobs are kept for 90 days after their end.',
    scope: 'deliveries:read',
    query: listQuery('rpl').extend({
      tenant: tenantKey.optional(),
      status: z
        .union([replayStatus, z.array(replayStatus).max(replayStatuses.length)])
        .optional()
        .describe('Only jobs with this status. Repeat the parameter for several statuses.'),
    }),
    answers: {
      200: {
        description: 'A page of jobs.',
        schema: pageOf(replayView),
        example: { data: [{ ...replayExample, deadLettered: null }], nextCursor: null },
      },
    },
    problems: [404],
    async handler({ query: { tenant, status, limit, cursor }, caller }) {
      const meant = tenant === undefined ? null : await readTenant(deps.db, tenant);
      if (tenant !== undefined && !meant) throw notFound('tenant', 'tenant');
      const statuses = status === undefined ? null : [status].flat();
      const rows = await listReplays(deps.db, { tenantId: meant?.id ?? null, statuses }, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit, (row) => showReplay(linksFor(deps, caller), row, null));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/replays/:replay',
    operationId: 'getReplay',
    summary: 'Read a replay job',
    description: 'The job with its progress, its pace and when it will end.',
    scope: 'deliveries:read',
    params,
    answers: { 200: { description: 'The job, with its progress.', schema: replayView, example: replayExample } },
    handler: async ({ params, caller }) => answer(200, await showReplayOf(linksFor(deps, caller), params.replay)),
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/replays/:replay',
    operationId: 'changeReplay',
    summary: 'Change the pace of a replay job',
    description: 'Takes effect within a second. 409 if the job is done or cancelled.',
    scope: 'deliveries:act',
    audit: 'replay.set_pace',
    heedsIfMatch: true,
    params,
    body: replayChange,
    bodyExample: { perSecond: 50 },
    answers: { 200: { description: 'The job.', schema: replayView, example: { ...replayExample, perSecond: 50 } } },
    problems: [409],
    async handler({ params: { replay }, body, caller, audit, requireMatch }) {
      const check = (perSecond: number) => requireMatch(() => tagsOfReplay(deps.vault, { id: replay, perSecond }));
      const result = await deps.replays.setPace(replay, body.perSecond, audit, check);
      if (!result) throw notFound('replay');
      if (!result.obeyed) throw new Problem(409, `The replay job is ${result.status}: its pace cannot be changed.`);
      return answer(200, await showReplayOf(linksFor(deps, caller), replay));
    },
  });

function command(deps: ApiDeps, kind: ReplayCommand, summary: string, description: string): Route {
  return route({
    method: 'post',
    path: `/v1/replays/:replay/${kind}`,
    operationId: `${kind}Replay`,
    summary,
    description: `${description} Repeating it changes nothing.`,
    scope: 'deliveries:act',
    audit: `replay.${kind}`,
    params,
    answers: { 202: { description: 'The job.', schema: replayView, example: replayExample } },
    problems: [409],
    async handler({ params: { replay }, caller, audit }) {
      const result = await deps.replays.command(replay, kind, audit);
      if (!result) throw notFound('replay');
      if (!result.obeyed) throw new Problem(409, `The replay job is ${result.status}: ${kind} does not apply.`);
      return answer(202, await showReplayOf(linksFor(deps, caller), replay));
    },
  });
}
