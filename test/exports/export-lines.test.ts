import { describe, expect, it } from 'vitest';
import { begun, type Exported, exportLines } from '#exports/export-lines';

async function* pagesOf(...pages: Exported[][]) {
  for (const page of pages) yield page;
}

async function textOf(format: 'ndjson' | 'csv', columns: string[], ...pages: Exported[][]): Promise<string> {
  let text = '';
  for await (const piece of await begun(exportLines(format, columns, pagesOf(...pages)))) text += piece;
  return text;
}

describe('CSV', () => {
  it('quotes commas, quotes and line breaks, and ends its lines with CRLF', async () => {
    const text = await textOf('csv', ['a', 'cursor'], [{ a: 'x,"y"\r\nz', cursor: 'MQ' }]);
    expect(text).toBe('a,cursor\r\n"x,""y""\r\nz",MQ\r\n');
  });

  it.each(['=1+1', '+1', '-1+1', '@SUM(1)', '\t=1', '\r=1', '＝1'])('does not let %j become a formula', async (a) => {
    const [, line = ''] = (await textOf('csv', ['a'], [{ a, cursor: 'MQ' }])).split('\r\n');
    expect(line.replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves numbers unchanged, and missing values empty', async () => {
    expect(await textOf('csv', ['n', 'no.thing', 'flag', 'o'], [{ n: -1, no: null, flag: false, o: { a: 1 }, cursor: '' }])).toBe(
      'n,no.thing,flag,o\r\n-1,,false,"{""a"":1}"\r\n',
    );
  });

  it('has its header once, even without lines', async () => {
    expect(await textOf('csv', ['a'])).toBe('a\r\n');
    expect(await textOf('csv', ['a'], [], [{ a: 1, cursor: '' }], [{ a: 2, cursor: '' }])).toBe('a\r\n1\r\n2\r\n');
  });
});

it('NDJSON has one line of JSON for each record', async () => {
  const records = [
    { a: 'line\nbreak', cursor: 'MQ' },
    { a: { b: [1] }, cursor: 'Mg' },
  ];
  const text = await textOf('ndjson', [], records.slice(0, 1), [], records.slice(1));
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(records);
});

it('can be ended by its reader, even between empty pages and before the first read', async () => {
  for (const before of [0, 1, 3]) {
    let read = 0;
    const empty = async function* (): AsyncGenerator<Exported[]> {
      for (; read < 100; read++) yield [];
    };
    const reader = (await begun(exportLines('ndjson', [], empty())))[Symbol.asyncIterator]();
    for (let n = 0; n < before; n++) expect(await reader.next()).toEqual({ done: false, value: '' });
    await reader.return?.();
    expect(await reader.next()).toMatchObject({ done: true });
    expect(read).toBeLessThan(5);
  }
});
