// Formats exports as NDJSON, or as CSV (RFC 4180) in which no field can be read as a formula.
// It works page by page: no more than one page is in memory.
import { stringify } from 'csv-stringify/sync';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const exportTypes: Record<ExportFormat, string> = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8; header=present' };

/** A line of an export. Pass `cursor` as `after` to continue the export after this line. */
export type Exported = { cursor: string } & Record<string, unknown>;

/**
 * Yields one text for each page. CSV flattens nested objects one level: `actor: { kind }` is the column `actor.kind`.
 * Deeper values are JSON.
 */
export async function* exportLines(
  format: ExportFormat,
  columns: readonly string[],
  pages: AsyncIterable<Exported[]>,
): AsyncGenerator<string> {
  // sent together with the first page, so that a store that is away gives an error response and not half an export
  let head = format === 'csv' ? csv([columns]) : '';
  for await (const page of pages) {
    const body = format === 'csv' ? csv(page.map((record) => columns.map((name) => field(record, name)))) : ndjson(page);
    // an empty page is yielded too, so that the reader can stop there
    yield head + body;
    head = '';
  }
  if (head !== '') yield head;
}

/**
 * Resolves when the first piece is available, or rejects as it does. Ending the returned iterable ends `pieces`, even
 * before any read.
 */
export async function begun(pieces: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  let first: IteratorResult<string> | null = await pieces.next();
  const next = async () => {
    const one = first ?? (await pieces.next());
    first = null;
    return one;
  };
  const end = () => {
    first = null;
    return pieces.return(undefined);
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

function ndjson(records: readonly Exported[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function csv(rows: readonly (readonly unknown[])[]): string {
  return stringify([...rows], { record_delimiter: 'windows', escape_formulas: true });
}

function field(record: Exported, name: string): unknown {
  const [outer = '', inner] = name.split('.');
  const value = inner === undefined ? record[outer] : (record[outer] as Record<string, unknown> | null)?.[inner];
  if (value === null || value === undefined) return '';
  return typeof value === 'object' || typeof value === 'boolean' ? JSON.stringify(value) : value;
}
