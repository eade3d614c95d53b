// The exports of the audit log and the delivery log, for both the API and the command line.
// Each line carries a cursor; the next export continues after it.

import { type AuditFilter, auditAfter } from '#db/audit/audit-log';
import { type AttemptFilter, attemptPages } from '#db/deliveries/attempt-export';
import type { AttemptPlace } from '#db/deliveries/exported-attempt';
import type { Db } from '#db/store/pool';
import { instant } from '#domain/events/event';
import { type Exported, type ExportFormat, exportLines } from './export-lines.ts';

type Querying = Pick<Db, 'query'>;

const page = 500;

const auditColumns = [
  ...[
    'seq',
    'at',
    'actor.kind',
    'actor.id',
    'tenant',
    'tenantId',
    'action',
    'target.kind',
    'target.id',
    'before',
    'after',
    'address',
    'requestId',
    'once',
    'prevHash',
    'hash',
    'actor.name',
  ],
  'cursor',
];
const attemptColumns = [
  ...[
    'attempt',
    'startedAt',
    'tenant',
    'event',
    'eventType',
    'delivery',
    'deliveryStatus',
    'endpoint',
    'round',
    'number',
    'probe',
    'outcome',
  ],
  ...['message', 'status', 'address', 'totalMs', 'cursor'],
];

export const auditCursor = (seq: number) => Buffer.from(String(seq)).toString('base64url');

/** Returns null if the text is not a cursor. */
export function readAuditCursor(cursor: string): number | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

const attemptCursor = ({ at, id }: AttemptPlace) => Buffer.from(`${at}/${id}`).toString('base64url');

/** Returns null if the text is not a cursor. */
export function readAttemptCursor(cursor: string): AttemptPlace | null {
  const [, at, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\/([0-9a-f]{32})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return at === undefined || id === undefined || !at.endsWith('Z') || !instant.safeParse(at).success ? null : { at, id };
}

export function exportAudit(db: Querying, format: ExportFormat, filter: AuditFilter, after: number): AsyncGenerator<string> {
  return exportLines(format, auditColumns, auditPages(db, filter, after));
}

async function* auditPages(db: Querying, filter: AuditFilter, after: number): AsyncGenerator<Exported[]> {
  for (let last = after; ; ) {
    const entries = await auditAfter(db, filter, last, page);
    yield entries.map((entry) => ({ ...entry, cursor: auditCursor(entry.seq) }));
    last = entries.at(-1)?.seq ?? last;
    if (entries.length < page) return;
  }
}

export function exportAttempts(
  db: Querying,
  format: ExportFormat,
  filter: AttemptFilter,
  after: AttemptPlace | null,
): AsyncGenerator<string> {
  return exportLines(format, attemptColumns, cursored(attemptPages(db, filter, after)));
}

async function* cursored(pages: ReturnType<typeof attemptPages>): AsyncGenerator<Exported[]> {
  for await (const attempts of pages) yield attempts.map(({ attempt, place }) => ({ ...attempt, cursor: attemptCursor(place) }));
}
