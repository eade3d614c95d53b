// Changes in a list that is read page by page.
import { describe, expect, it } from 'vitest';
import { matchOf } from '../../web/src/dashboard/deliveries/matches.ts';
import { boundsOf, timeSpanIn } from '../../web/src/parts/filters/time-span.ts';
import { applyChanges, type LivePage, mostRows, rowsOf, withChanges } from '../../web/src/parts/live/live-rows.ts';

interface Row {
  id: string;
  updatedAt: string;
  status: string;
}

const start = Date.UTC(2026, 10, 30);
/** A row of the millisecond `n`. */
const row = (n: number, status = 'pending', version = 0): Row => ({
  id: `dlv_${(start + n).toString(16).padStart(12, '0')}70008000000000000000`,
  updatedAt: new Date(start + n + version).toISOString(),
  status,
});
const rules = { matches: () => true, toRow: (one: Row) => one, mayInsert: true };
const pagesOf = (...pages: Row[][]): LivePage<Row>[] =>
  pages.map((data, index) => ({ data, next: index === pages.length - 1 ? { cursor: 'more' } : { cursor: `page ${index + 1}` } }));
const idsOf = (pages: readonly LivePage<Row>[]) => rowsOf(pages).map(({ id }) => id);

describe('a changed row', () => {
  it('takes the place of the one before, in whichever page, and copies only that page', () => {
    const pages = pagesOf([row(9), row(8)], [row(7), row(6)]);
    const after = applyChanges(pages, [row(6, 'succeeded', 1)], rules).pages;
    expect(rowsOf(after).map(({ status }) => status)).toEqual(['pending', 'pending', 'pending', 'succeeded']);
    expect(after[0]).toBe(pages[0]);
    expect(pages[1]?.data[1]?.status).toBe('pending');
  });

  it('is left alone by an older change, and by changes of rows further down', () => {
    const pages = pagesOf([row(9, 'succeeded', 5)]);
    expect(applyChanges(pages, [row(9, 'pending', 1), row(3, 'succeeded')], rules)).toEqual({ pages, waiting: [] });
    expect(applyChanges(pages, [row(3)], rules).pages).toBe(pages);
  });
});

describe('a new row', () => {
  it('stands where its id says, on top or between two pages', () => {
    const pages = pagesOf([row(9), row(7)], [row(5), row(3)]);
    const after = applyChanges(pages, [row(10), row(8), row(6), row(4)], rules).pages;
    expect(idsOf(after)).toEqual([10, 9, 8, 7, 6, 5, 4, 3].map((n) => row(n).id));
  });

  it('is the first of an empty list, and the last of one that has ended', () => {
    expect(idsOf(applyChanges([{ data: [], next: null }], [row(1), row(2)], rules).pages)).toEqual([row(2).id, row(1).id]);
    expect(idsOf(applyChanges([{ data: [row(5)], next: null }], [row(1)], rules).pages)).toEqual([row(5).id, row(1).id]);
  });

  it('is counted where it would move what somebody reads, and left out if the filters do not want it', () => {
    const pages = pagesOf([row(9)]);
    expect(applyChanges(pages, [row(10), row(11)], { ...rules, mayInsert: false })).toEqual({ pages, waiting: [row(10).id, row(11).id] });
    expect(applyChanges(pages, [row(10)], { ...rules, matches: () => false })).toEqual({ pages, waiting: [] });
  });

  it('cuts a long list, which then goes on below the time of its last row', () => {
    let pages: readonly LivePage<Row>[] = pagesOf(Array.from({ length: mostRows }, (_, n) => row(mostRows - n)));
    for (let n = mostRows; n < 10 * mostRows; n += 7) {
      pages = applyChanges(
        pages,
        Array.from({ length: 7 }, (_, m) => row(n + m + 1)),
        rules,
      ).pages;
      expect(rowsOf(pages).length).toBeLessThanOrEqual(mostRows);
    }
    const [page] = pages;
    const last = page?.data.at(-1);
    expect(new Date(page?.next?.until ?? 0).getTime()).toBeGreaterThan(new Date(last?.updatedAt ?? '').getTime());
    // what is read there may begin with rows that are there already
    expect(idsOf([...pages, { data: [last as Row, row(1)], next: null }])).toEqual([...idsOf(pages), row(1).id]);
  });
});

describe('pages that were read while changes came', () => {
  const read = { pages: pagesOf([row(9), row(8, 'succeeded', 5), row(7)]), pageParams: [{}] };
  const merged = (changes: Row[], more: Partial<typeof rules> = {}) =>
    rowsOf(withChanges(read, changes, { ...rules, ...more }).read.pages).map(({ id, status }) => [id, status]);
  const [nine, eight, seven] = [
    [row(9).id, 'pending'],
    [row(8).id, 'succeeded'],
    [row(7).id, 'pending'],
  ];

  it('get what is later than they are, and keep what is later than the changes', () => {
    const changes = [row(9, 'succeeded', 1), row(8, 'retrying', 4)];
    expect(merged(changes)).toEqual([[row(9).id, 'succeeded'], eight, seven]);
    // of the same moment the change is right: a row has no two states in it
    expect(merged([row(9, 'held')])).toEqual([[row(9).id, 'held'], eight, seven]);
  });

  it('get a new row, unless the filters do not want it or it is below', () => {
    expect(merged([row(10), row(3)])).toEqual([[row(10).id, 'pending'], nine, eight, seven]);
    expect(merged([row(10)], { matches: () => false })).toEqual([nine, eight, seven]);
  });

  it('are the same object if nothing changes', () => {
    expect(withChanges(read, [row(8, 'retrying', 4)], rules).read).toBe(read);
  });
});

describe('the filters of a list', () => {
  const delivery = {
    id: row(0).id,
    event: 'order-1',
    eventType: 'order.created',
    tenant: 'acme',
    endpoint: 'ep_1',
    host: 'hooks.acme.test',
    status: 'retrying' as const,
    round: 1,
    attempts: 1,
    nextAttemptAt: null,
    lastOutcome: null,
    lastMessage: null,
    lastStatus: null,
    createdAt: new Date(start).toISOString(),
    updatedAt: new Date(start).toISOString(),
  };
  it.each([
    [{}, true],
    [{ tenant: 'acme', endpoint: 'ep_1', event: 'order-1', type: 'order.created', status: ['held', 'retrying'] as const }, true],
    [{ tenant: 'other' }, false],
    [{ endpoint: 'ep_2' }, false],
    [{ event: 'order-2', tenant: 'acme' }, false],
    [{ type: 'order' }, false],
    [{ status: ['held'] as const }, false],
    [{ within: '1h' as const }, true],
    [{ since: new Date(start).toISOString() }, true],
    [{ since: new Date(start + 1).toISOString() }, false],
    [{ until: new Date(start).toISOString() }, false],
    [{ until: new Date(start + 1).toISOString() }, true],
  ])('%j', (search, isWanted) => {
    expect(matchOf(search as never, null, start + 60_000)(delivery)).toBe(isWanted);
  });

  it('leave out what a key of another tenant may not see', () => {
    expect(matchOf({}, 'other', start)(delivery)).toBe(false);
  });

  it('take a span before now, or two times, and no nonsense', () => {
    expect(boundsOf({ within: '24h' }, start)).toEqual({ since: new Date(start - 86_400_000).toISOString() });
    expect(timeSpanIn({ within: '7d', since: '2026-01-01', until: undefined })).toEqual({ within: '7d' });
    expect(timeSpanIn({ within: '9d', since: 'yesterday', until: '2026-01-01T10:00+02:00' })).toEqual({
      until: '2026-01-01T08:00:00.000Z',
    });
  });
});
