// GET /v1/audit-log, and the exports of the audit log and of the delivery log.
import { z } from 'zod';
import { isKnownTenant, readTenant } from '#db/access/tenants';
import { type AuditFilter, listAudit } from '#db/audit/audit-log';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access/access';
import { auditAction, auditView } from '#domain/access/audit';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { instant } from '#domain/events/event';
import { exportFormats, exportTypes } from '#exports/export-lines';
import { auditCursor, exportAttempts, exportAudit, readAttemptCursor, readAuditCursor } from '#exports/exports';
import { auditExample } from '../../examples/access.ts';
import { attemptLineExample, auditLineExample } from '../../examples/exports.ts';
import { listSize, pageOf } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { createExports, type StreamExport } from '../export-stream.ts';
import { auditVerificationRoute } from './audit-verification.ts';

const span = {
  since: instant.optional().describe('Only items from this time on (inclusive).'),
  until: instant.optional().describe('Only items before this time (exclusive).'),
  tenant: tenantKey.optional(),
};
const inOrder = ({ since, until }: Asked) => !since || !until || Date.parse(since) < Date.parse(until);
const outOfOrder = { path: ['until'], error: 'must be later than since' };
const format = z.enum(exportFormats).default('ndjson');
const types = Object.values(exportTypes).map((type) => type.split(';')[0] ?? type);

function cursorOf<T>(read: (cursor: string) => T | null) {
  return z
    .string()
    .max(200)
    .refine((cursor) => read(cursor) !== null, 'is not a cursor of this list; send one that an earlier answer contains')
    .transform(read)
    .optional();
}
const after = 'The `cursor` of the last line that you have: the export continues after it.';

export function auditLogRoutes(deps: ApiDeps): Route[] {
  const streamed = createExports(deps);
  return [list(deps), exported(deps, streamed), attempts(deps, streamed), auditVerificationRoute(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/audit-log',
    operationId: 'listAuditLog',
    summary: 'List the audit log',
    description: 'Who changed what and when, newest first. Every entry is chained to the one before it by a hash.',
    scope: 'admin',
    query: z
      .strictObject({
        ...span,
        limit: listSize,
        action: auditAction.optional(),
        cursor: cursorOf(readAuditCursor).describe('The `nextCursor` of the previous page. Leave it out for the first page.'),
      })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'A page of entries.', schema: pageOf(auditView), example: { data: [auditExample], nextCursor: null } } },
    problems: [404],
    async handler({ query: { limit, cursor, ...query }, caller }) {
      const found = await listAudit(db, await auditFilter(db, query, caller), cursor ?? null, limit + 1);
      const data = found.slice(0, limit);
      const last = data.at(-1);
      return answer(200, { data, nextCursor: found.length > limit && last ? auditCursor(last.seq) : null });
    },
  });

const exported = ({ db }: ApiDeps, streamed: StreamExport) =>
  route({
    method: 'get',
    path: '/v1/audit-log/export',
    operationId: 'exportAuditLog',
    summary: 'Export the audit log',
    description:
      'All entries, oldest first, as newline-delimited JSON or CSV. The answer is streamed. To continue an export, send the `cursor` of its last line as `after`.',
    scope: 'admin',
    query: z
      .strictObject({ ...span, format, action: auditAction.optional(), after: cursorOf(readAuditCursor).describe(after) })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'One line for each entry, each with its cursor.', types, example: auditLineExample } },
    problems: [404],
    async handler({ query, caller }) {
      const filter = await auditFilter(db, query, caller);
      return streamed(caller, query.format, (own) => exportAudit(own, query.format, filter, query.after ?? 0));
    },
  });

const attempts = ({ db }: ApiDeps, streamed: StreamExport) =>
  route({
    method: 'get',
    path: '/v1/deliveries/export',
    operationId: 'exportDeliveries',
    summary: 'Export the delivery log',
    description:
      'All attempts that started at least a minute ago, ordered by start time, oldest first, as newline-delimited JSON or CSV. The answer is streamed. It contains no bodies. To continue an export, send the `cursor` of its last line as `after`.',
    scope: 'deliveries:read',
    query: z
      .strictObject({
        ...span,
        format,
        endpoint: endpointId.optional(),
        after: cursorOf(readAttemptCursor).describe(after),
      })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'One line for each attempt, each with its cursor.', types, example: attemptLineExample } },
    problems: [404],
    async handler({ query, caller }) {
      const key = tenantOf(query, caller);
      const tenant = key === null ? null : await readTenant(db, key);
      if (key !== null && !tenant) throw notFound('tenant', 'tenant');
      const { since = null, until = null, endpoint = null } = query;
      const filter = { tenantId: tenant?.id ?? null, endpointId: endpoint, since, until };
      return streamed(caller, query.format, (own) => exportAttempts(own, query.format, filter, query.after ?? null));
    },
  });

interface Asked {
  tenant?: string | undefined;
  action?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** A caller that is bound to a tenant sees only the entries of that tenant. Throws a 404 for an unknown tenant. */
async function auditFilter(db: Db, asked: Asked, caller: Caller): Promise<AuditFilter> {
  const { action = null, since = null, until = null } = asked;
  const tenant = tenantOf(asked, caller);
  if (!caller.tenant && tenant !== null && !(await isKnownTenant(db, tenant))) throw notFound('tenant', 'tenant');
  return { tenantId: caller.tenant?.id ?? null, tenant: caller.tenant ? null : tenant, action, since, until };
}

function tenantOf({ tenant }: Asked, { tenant: own }: Caller): string | null {
  if (own && tenant !== undefined && tenant !== own.key) throw notFound('tenant', 'tenant');
  return own?.key ?? tenant ?? null;
}
