// `node bench/stream.ts [--readers n] [--changes n] [--seconds n]`: how fast changes of deliveries reach the readers of the live
// stream of one server, and what that costs. 10,000 changes a minute by default, to 100 readers. Ends with exit code 1 if 1 % of
// the changes take longer than a second, or one is missing. `--idle`: what open readers cost while little or nothing changes.
import { request } from 'node:http';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { timesOf } from './figures.ts';
import { say, withFilledStore } from './filled-store.ts';
import { benchKey } from './posthorn.ts';
import { childNamed, cpuMsOf, treeOf } from './process-cost.ts';

const limitMs = 1_000;
const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '100' },
    changes: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    keep: { type: 'string' },
    idle: { type: 'boolean' },
  },
});
const readers = Number(values.readers);
const changes = Number(values.changes);
const everyMs = (Number(values.seconds) * 1_000) / changes;

interface Reader {
  /** Milliseconds from the commit of a change to its arrival. */
  times: number[];
  close(): void;
}

/** `changedAt`: when each delivery was committed. */
function openReader(origin: string, changedAt: Map<string, number>): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const opened = request(`${origin}/v1/stream`, { headers: { authorization: `Bearer ${benchKey}` } }, (response) => {
      const times: number[] = [];
      let rest = '';
      response.setEncoding('latin1');
      response.on('error', () => undefined);
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('data: {"id":"')) continue;
          const at = changedAt.get(line.slice(13, 49));
          if (at !== undefined) times.push(performance.now() - at);
        }
      });
      resolve({ times, close: () => opened.destroy() });
    });
    opened.on('error', reject);
    opened.end();
  });
}

const insert = `
  insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status)
  select $1, $1, e.id, e.tenant_id, 'order.created', 'succeeded' from endpoints e limit 1 returning 'dlv_' || replace(id::text, '-', '') as id`;

/** Its time says in which partition it is. */
const uuidOfNow = (n: number) => `${Date.now().toString(16).padStart(12, '0')}70008${n.toString(16).padStart(15, '0')}`;

/** An evenly spaced change after the other, each its own transaction. Returns what was committed when. */
async function change(db: pg.Client, changedAt: Map<string, number>): Promise<void> {
  const beganAt = performance.now();
  for (let n = 0; n < changes; n++) {
    const waitMs = beganAt + n * everyMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const uuid = uuidOfNow(n);
    // the change may arrive before the answer of the commit
    changedAt.set(`dlv_${uuid}`, performance.now());
    await db.query({ name: 'change', text: insert, values: [uuid] });
    changedAt.set(`dlv_${uuid}`, performance.now());
  }
}

/** Processor time and transactions of the server and PostgreSQL with so many readers, while nothing changes. */
async function measureIdle(db: pg.Client, origin: string, pid: number, count: number, everyMs?: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: count }, () => openReader(origin, new Map())));
  const transactions = async () =>
    Number((await db.query('select xact_commit from pg_stat_database where datname = current_database()')).rows[0]?.xact_commit);
  const costs = async () => [cpuMsOf([pid]), cpuMsOf(treeOf(childNamed('postgres') ?? 0)), await transactions()] as const;
  let made = 0;
  const changing = everyMs && setInterval(() => void db.query(insert, [uuidOfNow(made++)]), everyMs);
  // after the time in which it asks more often
  await new Promise((resolve) => setTimeout(resolve, 7_000));
  const before = await costs();
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  const [server, postgres, perSecond] = (await costs()).map((cost, n) => (cost - (before[n] ?? 0)) / 20) as [number, number, number];
  if (changing) clearInterval(changing);
  for (const reader of opened) reader.close();
  say(
    `${everyMs ? `a change every ${everyMs / 1_000} s` : 'no changes'}, ${count} readers: server ${server.toFixed(1)} CPU-ms/s, PostgreSQL ${postgres.toFixed(1)} CPU-ms/s, ${(perSecond * 60).toFixed(0)} transactions/min`,
  );
}

await withFilledStore({ rows: 1_000, days: 30 }, values.keep, async ({ url, startServer }) => {
  const { origin, pid } = await startServer();
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    if (values.idle) {
      for (const count of [0, 1, 10]) await measureIdle(db, origin, pid, count);
      // it asks four times a second, as it did at all times before
      for (const count of [1, 10]) await measureIdle(db, origin, pid, count, 4_000);
      return;
    }
    const idleMs = cpuMsOf([pid]);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    say(`nobody reads: ${((cpuMsOf([pid]) - idleMs) / 100).toFixed(1)} % of a core`);
    const changedAt = new Map<string, number>();
    const opened = await Promise.all(Array.from({ length: readers }, () => openReader(origin, changedAt)));
    const beforeMs = cpuMsOf([pid]);
    const beganAt = performance.now();
    await change(db, changedAt);
    const seconds = (performance.now() - beganAt) / 1_000;
    const cpuMs = cpuMsOf([pid]) - beforeMs;
    const arrived = () => opened.reduce((sum, { times }) => sum + times.length, 0);
    for (let n = 0; n < 50 && arrived() < readers * changes; n++) await new Promise((resolve) => setTimeout(resolve, 100));
    for (const reader of opened) reader.close();
    const { p50, p99, max } = timesOf(opened.flatMap(({ times }) => times));
    say(`${changes} changes in ${seconds.toFixed(1)} s to ${readers} readers: ${arrived()} events of ${readers * changes}`);
    say(`p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${max.toFixed(0)} ms`);
    say(`the server took ${(cpuMs / seconds / 10).toFixed(1)} % of a core`);
    if (p99 > limitMs || arrived() !== readers * changes) process.exitCode = 1;
  } finally {
    await db.end();
  }
});
