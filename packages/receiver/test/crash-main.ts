// A consumer that dies at a given moment. `crash.test.ts` starts it with CRASH_AT, and again without.
import { createServer } from 'node:http';
import { createClient } from '@redis/client';
import pg from 'pg';
import { inboxOf } from '../src/inbox/open-inbox.ts';
import { postgresInbox } from '../src/inbox/postgres.ts';
import { redisInbox } from '../src/inbox/redis.ts';
import { createReceiver, expressReceiver, type InboxStore, type PostgresClient } from '../src/index.ts';

const { CRASH_AT = '', DATABASE_URL, REDIS_URL, WEBHOOK_SECRET = '', LEASE_MS = '', FREEZE_ID = '', NAME = '' } = process.env;

function die(moment: string): void {
  if (moment === CRASH_AT) process.kill(process.pid, 'SIGKILL');
}

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 5 });
pool.on('error', () => undefined);
const store: InboxStore<PostgresClient> = REDIS_URL
  ? (redisInbox(await createClient({ url: REDIS_URL }).connect()) as InboxStore<never>)
  : postgresInbox(pool);

const inbox = inboxOf<PostgresClient>({
  ...store,
  async accept(...given) {
    die('before it is stored');
    const results = await store.accept(...given);
    die('after it is stored');
    return results;
  },
  async end(...given) {
    die('between work and mark');
    const ended = await store.end(...given);
    die('after the mark');
    return ended;
  },
});

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const write = (fields: object, msg: string) => void say({ msg, ...fields });
const receiver = createReceiver({
  secrets: WEBHOOK_SECRET,
  name: NAME,
  inbox,
  leaseMs: Number(LEASE_MS),
  pollMs: 50,
  retryMs: Array.from({ length: 20 }, () => 50),
  log: { info: write, warn: write, error: write },
});

receiver.on('plain', async ({ id }) => {
  die('before the work');
  await pool.query('insert into effects (id) values ($1)', [id]);
  if (id === FREEZE_ID) process.kill(process.pid, 'SIGSTOP');
});
receiver.on('atomic', async ({ id }, { transaction }) => {
  await transaction(async (tx) => {
    await tx.query('insert into effects (id) values ($1)', [id]);
    if (id === FREEZE_ID) process.kill(process.pid, 'SIGSTOP');
    die('within the transaction');
  });
  die('after the transaction');
});

await receiver.start();
const server = createServer(expressReceiver(receiver));
server.listen(0, '127.0.0.1', () => say({ listening: (server.address() as { port: number }).port }));
