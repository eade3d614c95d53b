// `node bench/lists.ts [--rows n] [--days n] [--keep folder] [--only text]`: measures how long a page of a list
// takes with millions of stored deliveries, on its own PostgreSQL. Prints a table, and ends with
// exit code 1 if a page takes longer than 300 ms, or a first one until it is full.
import { parseArgs } from 'node:util';
import pg from 'pg';
import { timesOf } from './figures.ts';
import { msUntilFull, say, timesOfPage, withFilledStore } from './filled-store.ts';
import { type Case, casesOf } from './lists-cases.ts';

/** What people take for at once. */
const limitMs = 300;

interface Measured extends Case {
  /** The times of the round that counts. */
  times: number[];
  /** The times of discarded rounds, in which it was too slow. */
  discarded: number[];
  /** Milliseconds until it was full, or the list at its end: a search may take several requests. */
  untilFullMs: number;
}

async function measure(origin: string, cases: Case[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const one of cases) {
    const discarded: number[] = [];
    let times = await timesOfPage(origin + one.path);
    // on a busy machine any page may be slow once, so a slow page is measured up to two more times
    for (let left = 2; left > 0 && Math.max(...times) > limitMs; left--) {
      discarded.push(...times);
      times = await timesOfPage(origin + one.path);
    }
    let untilFullMs = await msUntilFull(origin + one.path);
    for (let left = 2; left > 0 && untilFullMs > limitMs; left--) untilFullMs = Math.min(untilFullMs, await msUntilFull(origin + one.path));
    measured.push({ ...one, times, discarded, untilFullMs });
  }
  return measured;
}

/** `worst of all` includes the discarded rounds. */
function tableOf(measured: Measured[]): string {
  const lists = [...new Set(measured.map(({ list }) => list))];
  const lines = lists.map((list) => {
    const ofList = measured.filter((page) => page.list === list);
    const { p50, max } = timesOf(ofList.flatMap(({ times }) => times));
    const all = timesOf(ofList.flatMap(({ times, discarded }) => [...times, ...discarded]));
    const again = ofList.filter(({ discarded }) => discarded.length > 0).length;
    const untilFull = Math.max(...ofList.map(({ untilFullMs }) => untilFullMs));
    return [list, ofList.length, again, p50.toFixed(1), max.toFixed(1), all.max.toFixed(1), untilFull.toFixed(1)].map(String);
  });
  const heading = ['list', 'pages', 'measured again', 'p50 ms', 'worst ms', 'worst of all ms', 'worst until full ms'];
  const rule = heading.map(() => '---');
  return [heading, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '5000000' },
      days: { type: 'string', default: '90' },
      keep: { type: 'string' },
      only: { type: 'string', default: '' },
    },
  });
  const shape = { rows: Number(values.rows), days: Number(values.days) };
  await withFilledStore(shape, values.keep, async ({ url, startServer }) => {
    const db = new pg.Client({ connectionString: url });
    await db.connect();
    const cases = await casesOf(db, shape.days).finally(() => db.end());
    const server = await startServer();
    const measured = await measure(
      server.origin,
      cases.filter(({ list, path }) => `${list} ${path}`.includes(values.only)),
    );
    say(tableOf(measured));
    const slow = measured.filter(({ times, untilFullMs }) => Math.max(...times, untilFullMs) > limitMs);
    for (const { path, times, untilFullMs } of slow)
      say(`over ${limitMs} ms: ${times.map((ms) => ms.toFixed(0)).join(' ')}, until full ${untilFullMs.toFixed(0)}  ${path}`);
    if (slow.length > 0) process.exitCode = 1;
  });
}

await main();
