// posthorn.auditLog and the exports: what was changed by whom, and all attempts, as lines for an archive.
import type {
  AuditEntry,
  AuditVerification,
  ExportAuditLogQuery,
  ExportDeliveriesQuery,
  ListAuditLogQuery,
  VerifyAuditLogQuery,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';
import { textOf } from '../server-sent-events.ts';

/** The lines of an export. Each has a `cursor`: send it as `after` to continue an export that broke off. */
export type ExportLines = AsyncGenerator<string, void, undefined>;

export class AuditLog {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  list(query: ListAuditLogQuery = {}, options?: CallOptions): List<AuditEntry> {
    return listOf(this.#api, '/v1/audit-log', { ...query }, options);
  }

  /** Checks that nothing was changed. `expect`: a `head` of an earlier answer, which must still be in the log. */
  verify(query: VerifyAuditLogQuery = {}, options?: CallOptions): Promise<AuditVerification> {
    return this.#api.json('GET', '/v1/audit-log/verification', { query: { ...query } }, options);
  }

  /** All entries, oldest first, as lines of JSON, or of CSV with `format: 'csv'`. */
  export(query: ExportAuditLogQuery = {}, options?: CallOptions): ExportLines {
    return linesOf(this.#api, '/v1/audit-log/export', query, options);
  }
}

export async function* linesOf(
  api: Requester,
  path: string,
  query: ExportAuditLogQuery | ExportDeliveriesQuery,
  options: CallOptions | undefined,
): ExportLines {
  const accept = query.format === 'csv' ? 'text/csv' : 'application/x-ndjson';
  const { body } = await api.stream(path, { query: { ...query }, accept }, options);
  let rest = '';
  if (body)
    for await (const piece of textOf(body)) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  // an export that ends within a line was cut off
  if (rest !== '') throw new Error('the export broke off; continue it after the cursor of its last line');
}
