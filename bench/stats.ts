// `node bench/stats.ts [--rows n] [--days n] [--keep folder]`: what the statistics cost with millions of stored deliveries:
// counting all of them, each run afterwards, and a read. Ends with exit code 1 if a read takes longer than 50 ms.
import { parseArgs } from 'node:util';
import { countBacklogs } from '#db/stats/backlogs';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import { createPool, type Db } from '#db/store/pool';
import { idOf } from '#domain/ids';
import { resolutionsOf } from '#domain/stats/stats';
import { timesOf } from './figures.ts';
import { say, timesOfPage, withFilledStore } from './filled-store.ts';
import { bigTenant } from './lists-rows.ts';
import { cpuMsOf } from './process-cost.ts';

const limitMs = 50;
const { values } = parseArgs({
  options: { rows: { type: 'string', default: '5000000' }, days: { type: 'string', default: '30' }, keep: { type: 'string' } },
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

/** As the chore does it after an upgrade, in large steps. */
async function countAll(db: Db): Promise<void> {
  const runs: number[] = [];
  for (let done = 1; done > 0; ) runs.push(await timed(async () => (done = await finishMinutes(db, 60))));
  const seconds = runs.reduce((sum, ms) => sum + ms, 0) / 1_000;
  const { p50, max } = timesOf(runs);
  say(`counted in ${seconds.toFixed(1)} s, an hour at a time: p50 ${p50.toFixed(0)} ms, longest ${max.toFixed(0)} ms`);
}

async function measureRuns(db: Db): Promise<void> {
  const kinds = {
    'finish a minute': () => finishMinutes(db, 1),
    'count the last minutes': () => countMinutes(db),
    'count what waits': () => countBacklogs(db),
  };
  for (const [name, run] of Object.entries(kinds)) {
    const times: number[] = [];
    for (let n = 0; n < 8; n++) times.push(await timed(run));
    say(`${name}, with nothing new: first ${times[0]?.toFixed(1)} ms, then p50 ${timesOf(times.slice(1)).p50.toFixed(1)} ms`);
  }
}

/** The endpoint of the big tenant with the most deliveries. */
async function busiestEndpoint(db: Db): Promise<string> {
  const { rows } = await db.query(`select id from stats_hours where scope = 'endpoint' group by id order by sum(accepted) desc limit 1`);
  return idOf('ep', rows[0]?.id);
}

async function measureReads({ origin, pid }: { origin: string; pid: number }, db: Db): Promise<void> {
  const beforeMs = cpuMsOf([pid]);
  let reads = 0;
  for (const path of [`endpoints/${await busiestEndpoint(db)}/stats`, `tenants/${bigTenant}/stats`, 'stats']) {
    for (const [window, resolutions] of Object.entries(resolutionsOf)) {
      for (const resolution of resolutions) {
        const times = await timesOfPage(`${origin}/v1/${path}?window=${window}&resolution=${resolution}`);
        reads += times.length + 1;
        const { p50, max } = timesOf(times);
        say(`${path.split('/')[0]} ${window} ${resolution}: p50 ${p50.toFixed(1)} ms, longest ${max.toFixed(1)} ms`);
        // on a busy machine any read may be slow once
        if (p50 > limitMs) process.exitCode = 1;
      }
    }
  }
  say(`the server took ${((cpuMsOf([pid]) - beforeMs) / reads).toFixed(1)} ms of CPU for a read, on average`);
}

await withFilledStore({ rows: Number(values.rows), days: Number(values.days) }, values.keep, async ({ url, startServer }) => {
  const db = createPool({ url, max: 2, onError: () => undefined });
  try {
    await countAll(db);
    await measureRuns(db);
    for (const table of ['stats_minutes', 'stats_hours']) {
      const { rows } = await db.query(
        `select count(*)::int as rows, pg_total_relation_size($1::regclass) / greatest(1, count(*))::float8 as bytes from ${table}`,
        [table],
      );
      say(`${table}: ${rows[0].rows} rows of ${rows[0].bytes.toFixed(0)} bytes`);
    }
    await measureReads(await startServer(), db);
  } finally {
    await db.end();
  }
});
