// A list that is read page by page and changes meanwhile: puts changes into the rows that are there, new rows on top, and keeps
// it short. Rows are sorted by id, the newest first: ids begin with their time.

export interface LiveRow {
  id: string;
  updatedAt: string;
}

/** Where a page begins: after the one before, or, where rows were dropped, below a time. */
export interface PageStart {
  cursor?: string;
  until?: string;
}

export interface LivePage<Row> {
  data: readonly Row[];
  /** Null: this is the last page. */
  next: PageStart | null;
}

export interface ChangeRules<Row, Change> {
  /** Whether a row that is not listed yet belongs to the list. */
  matches: (change: Change) => boolean;
  toRow: (change: Change) => Row;
  /** False: new rows would move what somebody reads. They are counted. */
  mayInsert: boolean;
}

export interface Changed<Row> {
  pages: readonly LivePage<Row>[];
  /** The ids of new rows that were not inserted. */
  waiting: string[];
}

/** With more rows the list is cut when a new one is inserted. */
export const mostRows = 500;
const rowsKept = 200;

export function applyChanges<Row extends LiveRow, Change extends LiveRow>(
  pages: readonly LivePage<Row>[],
  changes: Iterable<Change>,
  { matches, toRow, mayInsert }: ChangeRules<Row, Change>,
): Changed<Row> {
  const edited = new Editing(pages);
  const waiting: string[] = [];
  for (const change of changes) {
    const place = edited.placeOf(change.id);
    if (place === null) continue;
    if (place.row) edited.replace(place, change);
    else if (!matches(change)) continue;
    else if (mayInsert) edited.insert(place, toRow(change));
    else waiting.push(change.id);
  }
  return { pages: shortened(edited.pages, edited.hasInserted), waiting };
}

/** Pages with where each begins, as they are kept. */
export interface ReadPages<Row> {
  pages: readonly LivePage<Row>[];
  pageParams: readonly PageStart[];
}

/**
 * Pages with changes in them. Of a row and its change the later one stays, so it does not matter which of them arrived first:
 * pages that were being read when a change came get it afterwards.
 */
export function withChanges<Row extends LiveRow, Change extends LiveRow, Read extends ReadPages<Row>>(
  read: Read,
  changes: Iterable<Change>,
  rules: ChangeRules<Row, Change>,
): { read: Read; waiting: string[] } {
  const { pages, waiting } = applyChanges(read.pages, changes, rules);
  if (pages === read.pages) return { read, waiting };
  return { read: { ...read, pages: [...pages], pageParams: read.pageParams.slice(0, pages.length) }, waiting };
}

interface Place<Row> {
  page: number;
  index: number;
  /** Undefined: it would stand here. */
  row: Row | undefined;
}

/** Copies a page when it is changed, not before. */
class Editing<Row extends LiveRow> {
  pages: readonly LivePage<Row>[];
  hasInserted = false;
  readonly #copied = new Map<number, Row[]>();

  constructor(pages: readonly LivePage<Row>[]) {
    this.pages = pages;
  }

  /** Null: below what is loaded. */
  placeOf(id: string): Place<Row> | null {
    const last = this.pages.length - 1;
    const found = this.pages.findIndex(({ data }) => (data.at(-1)?.id ?? '') !== '' && (data.at(-1)?.id ?? '') <= id);
    if (found < 0 && this.pages[last]?.next) return null;
    const page = found < 0 ? last : found;
    const rows = this.pages[page]?.data;
    if (!rows) return null;
    const index = firstAtMost(rows, id);
    return { page, index, row: rows[index]?.id === id ? rows[index] : undefined };
  }

  replace({ page, index, row }: Place<Row>, change: LiveRow): void {
    if (row && change.updatedAt >= row.updatedAt) this.#rowsOf(page)[index] = { ...row, ...change };
  }

  insert({ page, index }: Place<Row>, row: Row): void {
    this.#rowsOf(page).splice(index, 0, row);
    this.hasInserted = true;
  }

  #rowsOf(page: number): Row[] {
    const before = this.#copied.get(page);
    if (before) return before;
    const rows = [...(this.pages[page]?.data ?? [])];
    this.#copied.set(page, rows);
    this.pages = this.pages.map((one, index) => (index === page ? { ...one, data: rows } : one));
    return rows;
  }
}

/** The index of the first row whose id is not above. */
function firstAtMost(rows: readonly LiveRow[], id: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.id ?? '') > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shortened<Row extends LiveRow>(pages: readonly LivePage<Row>[], hasInserted: boolean): readonly LivePage<Row>[] {
  const length = pages.reduce((sum, { data }) => sum + data.length, 0);
  if (!hasInserted || length <= mostRows) return pages;
  const data = pages.flatMap((page) => page.data).slice(0, rowsKept);
  const last = data.at(-1);
  return [{ data, next: last ? { until: new Date(timeOf(last.id) + 1).toISOString() } : null }];
}

/** The rows of all pages. Where a page begins below a time, rows of the same millisecond may come again. */
export function rowsOf<Row extends LiveRow>(pages: readonly LivePage<Row>[]): Row[] {
  const rows: Row[] = [];
  for (const { data } of pages) {
    for (const row of data) {
      const last = rows.at(-1);
      if (!last || row.id < last.id) rows.push(row);
    }
  }
  return rows;
}

/** When the event of a delivery was accepted, in Unix milliseconds: the first 12 digits of a UUIDv7. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(id.indexOf('_') + 1).slice(0, 12), 16);
}
