// `node bench/attempt-records.ts`: measures what an attempt's record costs in CPU microseconds (of
// this process and of PostgreSQL) and in bytes, by what is stored of the request.
import { hash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationsFolder } from '#config/package';
import { type FirstRecord, recordFirstAttempts } from '#db/deliveries/first-attempts';
import { createContentEncryption } from '#db/keys/content-encryption';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { deliveryId } from '#domain/ids';
import type { SentRequest } from '#domain/views/sent-request';
import { startPostgres } from '#embedded/postgres';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { childNamed, cpuMsOf, treeOf } from './process-cost.ts';

const inOne = 64;
const statements = 100;
const repeats = 5;
const body = randomBytes(300);
const endpointId = newId('ep');

type Ways = Record<string, () => SentRequest | undefined>;
const signature = () => ({ 'webhook-signature': `v1,${randomBytes(32).toString('base64')}` });
const facts = (signatures: Record<string, string>): SentRequest => ({
  targetVersion: 7,
  userAgent: 'Posthorn/0.1.0',
  body: { bytes: body.length, sha256: hash('sha256', body, 'base64') },
  format: 'standard',
  signatures,
  sequence: null,
  replay: null,
  batch: null,
});
const everyHeader = () => ({
  host: 'hooks.example.com',
  connection: 'keep-alive',
  'x-shop': '***',
  authorization: 'Bearer ***',
  'content-type': 'application/json',
  'webhook-id': newId('evt'),
  'webhook-timestamp': '1790000000',
  'posthorn-delivery': newId('dlv'),
  'posthorn-attempt': '1',
  ...signature(),
  'accept-encoding': 'identity',
  'user-agent': 'Posthorn/0.1.0',
  'content-length': '300',
  url: 'https://hooks.example.com/in/orders?shop=1234',
});
const ways: Ways = {
  // made as well, so that its garbage does not tell the ways apart
  nothing: () => void facts(signature()),
  facts: () => facts(signature()),
  'all headers': () => facts(everyHeader()),
};

function record(sent: () => SentRequest | undefined): FirstRecord {
  const [eventId, tenantId] = [newId('evt'), newId('tnt')];
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['date', 'Sun, 29 Nov 2026 12:00:00 GMT'],
    ['connection', 'keep-alive'],
    ['keep-alive', 'timeout=5'],
    ['content-length', '11'],
  ];
  const response = { statusCode: 200, headers, bodyStart: Buffer.from('{"ok":true}'), bodyTruncated: false };
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 12.5, totalMs: 13.5 };
  const result = {
    outcome: 'accepted' as const,
    message: 'HTTP 200 from hooks.example.com, 13 ms',
    response,
    timings,
    address: '203.0.113.10',
  };
  const attempt = { attemptId: newId('att'), deliveryId: deliveryId(eventId, endpointId), round: 1, number: 1, startedAt: new Date() };
  return {
    ...{ deliveryId: attempt.deliveryId, eventId, endpointId, tenantId, eventType: 'order.paid', expiresAt: null },
    attempt: { ...attempt, sent: sent(), result: { ...result, retryAfterMs: null }, retryInMs: null },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
chmodSync(folder, 0o711);
const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
try {
  const db = createPool({ url: postgres.url, max: 2, onError: () => undefined });
  await migrate(db, migrationsFolder);
  await makePartitions(db);
  const contents = createContentEncryption(db, createVault([randomBytes(32).toString('base64')]));
  const serverMs = () => cpuMsOf(treeOf(childNamed('postgres') ?? 0));
  const own = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  const theirs = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  const bytes: Record<string, number> = {};
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [name, sent] of Object.entries(ways)) {
      await db.query('truncate attempts, deliveries');
      await db.query('checkpoint');
      const fromServer = serverMs();
      let micros = 0;
      for (let n = 0; n < statements; n++) {
        const records = Array.from({ length: inOne }, () => record(sent));
        const from = process.cpuUsage();
        await recordFirstAttempts(db, records, contents);
        const { user, system } = process.cpuUsage(from);
        micros += user + system;
      }
      own[name]?.push(micros / (inOne * statements));
      theirs[name]?.push(((serverMs() - fromServer) * 1_000) / (inOne * statements));
      const { rows } = await db.query(`select avg(pg_column_size(a.*))::float8 as bytes from attempts a`);
      bytes[name] = rows[0].bytes;
    }
  }
  const middle = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  for (const name of Object.keys(ways))
    process.stdout.write(
      `${name}: process ${middle(own[name] ?? []).toFixed(1)} µs, PostgreSQL ${middle(theirs[name] ?? []).toFixed(1)} µs, row ${bytes[name]?.toFixed(0)} bytes\n`,
    );
  await db.end();
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
