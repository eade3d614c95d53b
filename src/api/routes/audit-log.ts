// GET /v1/audit-log, and the exports of audit log and delivery log.
import { z } from 'zod';
import { isKnownTenant, readTenant } from '#db/access/tenants';
import { type AuditFilter, listAudit } from '#db/audit/audit-log';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access';
import { auditAction, auditView } from '#domain/audit';
import { instant } from '#domain/event';
import { isId } from '#domain/ids';
import { tenantKey } from '#domain/tenant';
import { exportFormats, exportTypes } from '#exports/export-lines';
import { auditCursor, exportAttempts, exportAudit, readAttemptCursor, readAuditCursor } from '#exports/exports';
import { listSize, pageOf } from '../http/page.ts';
import { notFound } from '../http/problem.ts';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { createExports, type StreamExport } from './export-stream.ts';

const span = {
  since: instant.optional().describe('from this time on'),
  until: instant.optional().describe('before this time'),
  tenant: tenantKey.optional(),
};
const inOrder = ({ since, until }: Asked) => !since || !until || Date.parse(since) < Date.parse(until);
const outOfOrder = { path: ['until'], error: 'is not after since' };
const format = z.enum(exportFormats).default('ndjson');
const types = Object.values(exportTypes).map((type) => type.split(';')[0] ?? type);

function cursorOf<T>(read: (cursor: string) => T | null) {
  return z
    .string()
    .max(200)
    .refine((cursor) => read(cursor) !== null, 'is not a cursor of this list')
    .transform(read)
    .optional();
}
const after = 'the cursor of the last line there is: goes on behind it';

export function auditLogRoutes(deps: ApiDeps): Route[] {
  const streamed = createExports(deps);
  return [list(deps), exported(deps, streamed), attempts(deps, streamed)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/audit-log',
    operationId: 'listAuditLog',
    summary: 'Lists who changed what, newest first',
    scope: 'admin',
    query: z
      .strictObject({
        ...span,
        limit: listSize,
        action: auditAction.optional(),
        cursor: cursorOf(readAuditCursor).describe('nextCursor of the page before'),
      })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'a page of entries', schema: pageOf(auditView) } },
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
    summary: 'Exports the audit log, oldest first',
    scope: 'admin',
    query: z
      .strictObject({ ...span, format, action: auditAction.optional(), after: cursorOf(readAuditCursor).describe(after) })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'a line for each entry, each with its cursor', types } },
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
    summary: 'Exports the delivery log: every attempt that began a minute ago or earlier, by the time it began, oldest first',
    scope: 'deliveries:read',
    query: z
      .strictObject({
        ...span,
        format,
        endpoint: z
          .string()
          .refine((id) => isId('ep', id), 'is not the id of an endpoint')
          .optional(),
        after: cursorOf(readAttemptCursor).describe(after),
      })
      .refine(inOrder, outOfOrder),
    answers: { 200: { description: 'a line for each attempt, each with its cursor; no bodies', types } },
    problems: [404],
    async handler({ query, caller }) {
      const key = tenantOf(query, caller);
      const tenant = key === null ? null : await readTenant(db, key);
      if (key !== null && !tenant) throw notFound('tenant');
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

/** One that is bound to a tenant sees what is that tenant's, whatever it asks for. */
async function auditFilter(db: Db, asked: Asked, caller: Caller): Promise<AuditFilter> {
  const { action = null, since = null, until = null } = asked;
  const tenant = tenantOf(asked, caller);
  if (!caller.tenant && tenant !== null && !(await isKnownTenant(db, tenant))) throw notFound('tenant');
  return { tenantId: caller.tenant?.id ?? null, tenant: caller.tenant ? null : tenant, action, since, until };
}

function tenantOf({ tenant }: Asked, { tenant: own }: Caller): string | null {
  if (own && tenant !== undefined && tenant !== own.key) throw notFound('tenant');
  return own?.key ?? tenant ?? null;
}
