// `node bench/outbox.ts [--rows n] [--relays n] [--seconds n]`: measures what the outbox checks of
// relays cost PostgreSQL while many events wait, as reads per second of all relays. Half of the
// rows have no owner and belong to a crowded tenant; the others are owned by the relays.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { migrationsFolder } from '#config/package';
import { takeOutboxRows } from '#db/events/outbox';
import { registerRelay, releaseDeadRelays, renewRelay } from '#db/events/relays';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool, type Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { startPostgres } from '#embedded/postgres';
import { newId } from '#runtime/new-id';

const facts = { mode: 'batched', waiting: 1_000, temporalError: null } as const;
/** PostgreSQL reports the reads of a connection only after it is idle. */
const reportedAfterMs = 2_000;

async function fill(db: Db, crowded: string, owner: string, rows: number): Promise<void> {
  await db.query(
    `insert into outbox (event_id, tenant_id, owner)
     select gen_random_uuid(), $1, case when n % 2 = 0 then $2::uuid end from generate_series(1, $3::int) n`,
    [uuidOf(crowded), uuidOf(owner), rows],
  );
  await db.query('analyze outbox');
}

async function readSoFar(db: Db): Promise<{ rows: number; pages: number }> {
  const { rows } = await db.query<{ rows: number; pages: number }>(
    `select (s.seq_tup_read + s.idx_tup_fetch)::int as rows,
       (i.heap_blks_hit + i.heap_blks_read + i.idx_blks_hit + i.idx_blks_read)::int as pages
     from pg_stat_user_tables s join pg_statio_user_tables i using (relid) where s.relname = 'outbox'`,
  );
  return rows[0] ?? { rows: 0, pages: 0 };
}

/** One second of one relay. Returns how long its two checks took. */
async function look(db: Db, relayId: string, crowded: string): Promise<number> {
  await renewRelay(db, relayId, facts);
  const startedAt = performance.now();
  await releaseDeadRelays(db, 1_000);
  await takeOutboxRows(db, relayId, { except: [crowded], afterTenant: null, limit: 100 });
  return performance.now() - startedAt;
}

async function measure(db: Db, { rows, relays, seconds }: Record<'rows' | 'relays' | 'seconds', number>): Promise<string> {
  const crowded = newId('tnt');
  const ids = Array.from({ length: relays }, () => newId('rly'));
  for (const id of ids) await registerRelay(db, id, 'bench');
  await fill(db, crowded, ids[0] ?? '', rows);
  await delay(reportedAfterMs);
  await db.query('update relays set seen = now()');
  const before = await readSoFar(db);
  let ms = 0;
  for (let second = 0; second < seconds; second++) {
    const began = performance.now();
    for (const id of ids) ms += await look(db, id, crowded);
    await delay(Math.max(0, 1_000 - (performance.now() - began)));
  }
  await delay(reportedAfterMs);
  const after = await readSoFar(db);
  const each = (total: number) => (total / seconds).toFixed(1);
  return `${rows} rows, ${relays} relays: each second ${each(after.rows - before.rows)} rows and ${each(after.pages - before.pages)} pages read, ${each(ms)} ms`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '100000' },
      relays: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  chmodSync(folder, 0o711); // if we are root, the user postgres must be able to enter
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
  const db = createPool({ url: postgres.url, max: 4, onError: () => undefined });
  try {
    await migrate(db, migrationsFolder);
    await makePartitions(db);
    const sizes = { rows: Number(values.rows), relays: Number(values.relays), seconds: Number(values.seconds) };
    process.stdout.write(`${await measure(db, sizes)}\n`);
  } finally {
    await db.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
