// GET /v1/audit-log, and the exports of audit log and delivery log.
import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';
import { type AuditFilter, listAudit } from '../db/audit-log.ts';
import type { Db } from '../db/pool.ts';
import { readTenant } from '../db/tenants.ts';
import type { Caller } from '../domain/access.ts';
import { auditAction, auditView } from '../domain/audit.ts';
import { instant } from '../domain/event.ts';
import { isId } from '../domain/ids.ts';
import { tenantKey } from '../domain/tenant.ts';
import { begun, type ExportFormat, exportFormats, exportTypes } from '../export-lines.ts';
import { auditCursor, exportAttempts, exportAudit, readAttemptCursor, readAuditCursor } from '../exports.ts';
import type { ApiDeps } from './deps.ts';
import { listSize, pageOf } from './page.ts';
import { notFound } from './problem.ts';
import { type Answer, answer, type Route, route } from './route.ts';

const span = {
  since: instant.optional().describe('from this time on'),
  until: instant.optional().describe('before this time'),
  tenant: tenantKey.optional(),
};
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
  return [list(deps), exported(deps), attempts(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/audit-log',
    operationId: 'listAuditLog',
    summary: 'Lists who changed what, newest first',
    scope: 'admin',
    query: z.strictObject({
      ...span,
      limit: listSize,
      action: auditAction.optional(),
      cursor: cursorOf(readAuditCursor).describe('nextCursor of the page before'),
    }),
    answers: { 200: { description: 'a page of entries', schema: pageOf(auditView) } },
    async handler({ query: { limit, cursor, ...query }, caller }) {
      const found = await listAudit(db, auditFilter(query, caller), cursor ?? null, limit + 1);
      const data = found.slice(0, limit);
      const last = data.at(-1);
      return answer(200, { data, nextCursor: found.length > limit && last ? auditCursor(last.seq) : null });
    },
  });

const exported = ({ db, log }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/audit-log/export',
    operationId: 'exportAuditLog',
    summary: 'Exports the audit log, oldest first',
    scope: 'admin',
    query: z.strictObject({ ...span, format, action: auditAction.optional(), after: cursorOf(readAuditCursor).describe(after) }),
    answers: { 200: { description: 'a line for each entry, each with its cursor', types } },
    handler: ({ query, caller }) =>
      streamed(log, query.format, exportAudit(asNow(db), query.format, auditFilter(query, caller), query.after ?? 0)),
  });

const attempts = ({ db, log }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/export',
    operationId: 'exportDeliveries',
    summary: 'Exports the delivery log: every attempt that began a minute ago or earlier, by the time it began, oldest first',
    scope: 'deliveries:read',
    query: z.strictObject({
      ...span,
      format,
      endpoint: z
        .string()
        .refine((id) => isId('ep', id), 'is not the id of an endpoint')
        .optional(),
      after: cursorOf(readAttemptCursor).describe(after),
    }),
    answers: { 200: { description: 'a line for each attempt, each with its cursor; no bodies', types } },
    problems: [404],
    async handler({ query, caller }) {
      const key = tenantOf(query, caller);
      const tenant = key === null ? null : await readTenant(db, key);
      if (key !== null && !tenant) throw notFound('tenant');
      const { since = null, until = null, endpoint = null } = query;
      const filter = { tenantId: tenant?.id ?? null, endpointId: endpoint, since, until };
      return streamed(log, query.format, exportAttempts(asNow(db), query.format, filter, query.after ?? null));
    },
  });

interface Asked {
  tenant?: string | undefined;
  action?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** One that is bound to a tenant sees what is that tenant's, whatever it asks for. */
function auditFilter(asked: Asked, caller: Caller): AuditFilter {
  const { action = null, since = null, until = null } = asked;
  const tenant = tenantOf(asked, caller);
  return { tenantId: caller.tenant?.id ?? null, tenant: caller.tenant ? null : tenant, action, since, until };
}

function tenantOf({ tenant }: Asked, { tenant: own }: Caller): string | null {
  if (own && tenant !== undefined && tenant !== own.key) throw notFound('tenant');
  return own?.key ?? tenant ?? null;
}

/** The store as it is seen from here: what is read when the handler is over is read as its caller, too. */
function asNow(db: Db): Pick<Db, 'query'> {
  return { query: AsyncLocalStorage.bind((query: Parameters<Db['query']>[0]) => db.query(query)) as Db['query'] };
}

async function streamed(log: ApiDeps['log'], format: ExportFormat, pieces: AsyncGenerator<string>): Promise<Answer> {
  return { status: 200, text: null, type: exportTypes[format], stream: logged(log, await begun(pieces)) };
}

/** What fails halfway cannot be answered any more: the answer ends without its end, and the log says why. */
async function* logged(log: ApiDeps['log'], pieces: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* pieces;
  } catch (error) {
    log.error({ err: error }, 'api.export_failed');
    throw error;
  }
}
