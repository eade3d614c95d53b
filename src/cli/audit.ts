// `posthorn audit verify` and `posthorn audit export`: read the database only; no running Posthorn
// needed.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ConfigError, readConfig } from '#config/config';
import { verifyAudit } from '#db/audit/audit-chain';
import { auditRights } from '#db/audit/audit-rights';
import { createPool, type Db } from '#db/store/pool';
import { auditAction } from '#domain/access/audit';
import { instant } from '#domain/events/event';
import { exportFormats } from '#exports/export-lines';
import { exportAudit, readAuditCursor } from '#exports/exports';

const auditUsage = `Usage: posthorn audit verify [--expect <hash>]
       posthorn audit export [--format ndjson|csv] [--since <time>] [--until <time>] [--tenant <id>] [--action <action>]
                            [--after <cursor>]

DATABASE_URL names the database.`;

const options = z
  .object({
    expect: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits')
      .transform((hash) => hash.toLowerCase())
      .optional(),
    format: z.enum(exportFormats).default('ndjson'),
    since: instant.optional(),
    until: instant.optional(),
    tenant: z.string().optional(),
    action: auditAction.optional(),
    after: z
      .string()
      .refine((cursor) => readAuditCursor(cursor) !== null, 'must be the cursor of an exported line')
      .transform(readAuditCursor)
      .optional(),
  })
  .refine(({ since, until }) => !since || !until || Date.parse(since) < Date.parse(until), {
    path: ['until'],
    error: 'must be later than --since',
  });
type Options = z.infer<typeof options>;

/**
 * Returns the exit code. 1: the log was changed, or the role that writes it has the right to change it. Throws
 * ConfigError.
 */
export async function auditCommand(args: string[], write: (text: string) => Promise<void>, env = process.env): Promise<number> {
  const { command, given } = read(args);
  const { DATABASE_URL: url } = readConfig(env);
  if (url === undefined) throw new ConfigError('DATABASE_URL must be set to the database that holds the audit log.');
  const db = createPool({ url, max: 1, onError: () => undefined });
  try {
    return command === 'verify' ? await verify(db, given, write) : await exportAll(db, given, write);
  } finally {
    await db.end();
  }
}

function read(args: string[]): { command: 'verify' | 'export'; given: Options } {
  const text = { type: 'string' } as const;
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { expect: text, format: text, since: text, until: text, tenant: text, action: text, after: text },
    });
    const [command, ...more] = positionals;
    if ((command !== 'verify' && command !== 'export') || more.length > 0) throw new ConfigError(auditUsage);
    return { command, given: options.parse(values) };
  } catch (error) {
    if (error instanceof z.ZodError)
      throw new ConfigError(error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`).join('\n'));
    throw error instanceof TypeError ? new ConfigError(`${error.message}\n\n${auditUsage}`) : error;
  }
}

async function verify(db: Db, { expect }: Options, write: (text: string) => Promise<void>): Promise<number> {
  const { faults, remarks } = await auditRights(db);
  for (const remark of remarks) await write(`note: ${remark}\n`);
  for (const fault of faults) await write(`unguarded: ${fault}\n`);
  const verified = await verifyAudit(db, expect);
  if ('reason' in verified) {
    await write(`broken: entry ${verified.seq} ${verified.reason}\n`);
    return 1;
  }
  await write(`${verified.entries} entries, unbroken\nhead ${verified.head}\n`);
  return faults.length > 0 ? 1 : 0;
}

async function exportAll(
  db: Db,
  { format, since, until, tenant, action, after }: Options,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const filter = { tenantId: null, tenant: tenant ?? null, action: action ?? null, since: since ?? null, until: until ?? null };
  for await (const piece of exportAudit(db, format, filter, after ?? 0)) await write(piece);
  return 0;
}
