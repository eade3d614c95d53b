// Exports as text: NDJSON, or CSV by RFC 4180 in which no field can be taken for a formula. Page by page: no more than one is in memory.
import { stringify } from 'csv-stringify/sync';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const exportTypes: Record<ExportFormat, string> = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8; header=present' };

/** A line of an export; `cursor` is what the next export gives as `after` to go on behind it. */
export type Exported = { cursor: string } & Record<string, unknown>;

/** What is nested in a record is flattened one level: `actor: { kind }` is the column `actor.kind`; deeper things are JSON. */
export async function* exportLines(
  format: ExportFormat,
  columns: readonly string[],
  pages: AsyncIterable<Exported[]>,
): AsyncGenerator<string> {
  // goes out with the first page, so that a store that is away is an answer of its own and not half of one
  let head = format === 'csv' ? csv([columns]) : '';
  for await (const page of pages) {
    const body = format === 'csv' ? csv(page.map((record) => columns.map((name) => field(record, name)))) : ndjson(page);
    // an empty page too: whoever reads may end it there
    yield head + body;
    head = '';
  }
  if (head !== '') yield head;
}

/** Resolves when the first piece is there, or fails as it does. Ending what it gives ends `pieces`, also before anything was read. */
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
