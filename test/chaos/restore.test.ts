// A backup by pg_dump is restored into an empty PostgreSQL, and Temporal's data is lost, as docs/backup.md describes it. What
// was unfinished at the backup is delivered, what had succeeded is not sent again, and the producer sends again what it sent
// after the backup.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { type DebianPostgres, startDebianPostgres } from '../support/debian-postgres.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { openStage, type Stage } from './stage.ts';

const owner = 'posthorn';

/** As an administrator prepares a server for Posthorn. */
async function createDatabase(server: DebianPostgres): Promise<void> {
  await server.query('postgres', `create database posthorn owner ${owner}`);
}

/** The backup: the roles of the server, and the database. The master key and the API key are kept elsewhere. */
async function backUp(server: DebianPostgres, folder: string): Promise<void> {
  await server.client('pg_dumpall', ['--roles-only', '--file', join(folder, 'roles.sql')]);
  await server.client('pg_dump', ['--format=custom', '--file', join(folder, 'posthorn.dump'), 'posthorn']);
}

async function restore(server: DebianPostgres, folder: string): Promise<void> {
  // without ON_ERROR_STOP: the role `postgres` exists already
  await server.client('psql', ['--quiet', '--file', join(folder, 'roles.sql'), 'postgres']);
  await createDatabase(server);
  await server.client('pg_restore', ['--exit-on-error', '--dbname', 'posthorn', join(folder, 'posthorn.dump')]);
}

async function run(stage: Stage, ...args: string[]): Promise<string> {
  const command = runCommand(args, { ...stage.env, LOG_LEVEL: 'error' });
  expect([await command.exit, command.said()]).toEqual([0, expect.any(String)]);
  return command.said();
}

it('a restore loses nothing that was unfinished, and sends nothing again that had succeeded', async ({ onTestFinished }) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-backup-'));
  const [lost, fresh] = await Promise.all([startDebianPostgres(), startDebianPostgres()]);
  onTestFinished(async () => {
    await Promise.all([lost.stop(), fresh.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
  await lost.query('postgres', `create role ${owner} login createrole`);
  await createDatabase(lost);
  const before = await openStage({ namespace: 't109', databaseUrl: lost.url('posthorn', owner), timings: quickLeases });
  const { receiver } = before;
  onTestFinished(({ task }) => before.close(task.result?.state === 'fail'));

  const first = await before.start();
  const tenant = await first.makeTenant();
  const endpoint = (path: string, more: object) =>
    first.makeEndpoint(tenant, `${receiver.url}/${path}`, { eventTypes: [`${path}.sent`], ...more });
  await endpoint('plain', {});
  await endpoint('failing', { retry: { schedule: ['1h', '1h'] } });
  await endpoint('dying', { retry: { schedule: ['50ms'] } });
  const paused = await endpoint('paused', {});
  receiver.answer('/failing', [503]);
  receiver.answer('/dying', [503]);
  expect((await first.post(`/v1/endpoints/${paused.id}/pause`)).status).toBe(200);
  const ids = ['plain', 'failing', 'dying', 'paused'];
  for (const id of ids) await before.send(first, tenant, [id], { type: `${id}.sent` });
  const statusOf = async (stage: Stage, id: string) =>
    (await stage.query('select status from deliveries d join events e on e.id = d.event_id where e.external_id = $1', [id]))[0]?.status;
  const statuses = ['succeeded', 'retrying', 'dead_lettered', 'held'];
  const reached = async (stage: Stage) => (await Promise.all(ids.map((id) => statusOf(stage, id)))).join() === statuses.join();
  await until('all to be tried', () => reached(before));
  await backUp(lost, folder);

  // after the backup: another event, and the delivery that failed
  receiver.answer('/failing', [204]);
  const [failing] = await first.deliveriesOf(tenant, 'failing');
  await first.post(`/v1/deliveries/${failing?.id}/retry-now`);
  await before.send(first, tenant, ['after'], { type: 'plain.sent' });
  await until('both', async () => (await statusOf(before, 'failing')) === 'succeeded' && receiver.of('after').length === 1);
  await first.kill();
  expect(before.receiver.requests.map(({ headers }) => headers['webhook-id']).toSorted()).toEqual([
    'after',
    'dying',
    'dying',
    'failing',
    'failing',
    'plain',
  ]);

  await restore(fresh, folder);
  // another namespace is a Temporal without data
  const { POSTHORN_MASTER_KEY = '' } = before.env;
  const env = { POSTHORN_MASTER_KEY };
  const after = await openStage({ namespace: 't110', databaseUrl: fresh.url('posthorn', owner), timings: quickLeases, env });
  onTestFinished(({ task }) => after.close(task.result?.state === 'fail'));
  expect(await reached(after)).toBe(true);
  expect(await run(after, 'audit', 'verify')).toContain('entries');
  // the outage was longer than the wait
  await after.query(`update deliveries set next_attempt_at = now() - interval '1 hour' where status = 'retrying'`);
  expect(await run(after, 'reconcile')).toBe('1 deliveries and 1 lanes started or already running\n');
  const second = await after.start();
  const requests = (id: string) => receiver.of(id).length;
  await until('what was unfinished', () => requests('failing') === 3);
  await second.post(`/v1/endpoints/${paused.id}/resume`);
  await until('what was held', () => requests('paused') === 1);
  receiver.answer('/dying', [204]);
  const [dying] = await second.deliveriesOf(tenant, 'dying');
  expect((await second.post(`/v1/deliveries/${dying?.id}/replay`)).status).toBe(202);
  await until('the dead letter', () => requests('dying') === 3);

  // the producer sends again what it has sent since the backup, and more
  const again = async (id: string) =>
    (await second.post(`/v1/tenants/${tenant}/events`, { type: `${id === 'after' ? 'plain' : id}.sent`, data: { id }, id })).body.duplicate;
  expect(await Promise.all(['plain', 'failing', 'after'].map(again))).toEqual([true, true, false]);
  await until('the event that the backup lacked', () => requests('after') === 2);
  await after.settled();
  expect(Object.fromEntries([...ids, 'after'].map((id) => [id, requests(id)]))).toEqual({
    plain: 1,
    failing: 3,
    dying: 3,
    paused: 1,
    after: 2,
  });
  expect(await run(after, 'audit', 'verify')).toContain('entries');
});
