// `posthorn start` in several processes behind one port: all of them answer, nothing is lost when one of them or the primary
// is killed, and none of them outlives the command.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMetrics } from '../api/prometheus-page.ts';
import { apiOf, type Command, childrenOf, isAlive, runCommand } from '../support/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const count = 3;
let database: TestDatabase;
let receiver: Receiver;
let command: Command;
let pids: number[];

beforeEach(async () => {
  [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
});

afterEach(async () => {
  if (isAlive(command.pid)) command.signal('SIGTERM');
  await command.exit;
  await until('all processes to end', () => !pids.some(isAlive));
  await receiver.close();
  await database.drop();
});

async function start(env: Record<string, string> = {}) {
  const whole = { ...testEnv(database, 't83'), POSTHORN_DISPATCH: 'adaptive', DATABASE_POOL: '12', LOG_LEVEL: 'info' };
  command = runCommand(['start'], { ...whole, POSTHORN_PROCESSES: String(count), ...env });
  const api = await apiOf(command);
  pids = childrenOf(command.pid);
  const tenant = await api.makeTenant();
  await api.makeEndpoint(tenant, `${receiver.url}/hook`);
  return { ...api, tenant, post: (ids: string[]) => Promise.all(ids.map((id) => postAlone(api.origin, tenant, id))) };
}

/** Posts an event on a connection of its own, so that the connections go to the processes in turn. */
function postAlone(origin: string, tenant: string, id: string): Promise<number> {
  const body = JSON.stringify({ id, type: 'order.created', data: { id } });
  const headers = { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const call = request(`${origin}/v1/tenants/${tenant}/events`, { method: 'POST', headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', reject).end(body);
  });
}

const names = (prefix: string, many: number) => Array.from({ length: many }, (_, n) => `${prefix}-${n}`);
const arrived = (ids: string[]) =>
  until('all to arrive', () => ids.every((id) => receiver.requests.some(({ headers }) => headers['webhook-id'] === id)));

it('answers from each process, adds up their metrics, and has one sandbox', async () => {
  const api = await start();
  expect(pids).toHaveLength(count);
  const ids = names('a', 30);
  expect(await api.post(ids)).toEqual(ids.map(() => 202));
  await arrived(ids);
  const answering = new Set(command.logged('server.started').map(({ pid }) => pid));
  expect(answering).toEqual(new Set(pids));

  const pages = await until('the pages', async () => {
    const read = await Promise.all(names('page', 6).map(() => readMetrics(api.origin)));
    return read.every((page) => page.value('posthorn_attempts_total{outcome="accepted"}') === 30) && read;
  });
  for (const page of pages) {
    expect(page.value('posthorn_events_accepted_total')).toBe(30);
    expect(page.value('posthorn_attempt_seconds_count')).toBe(30);
    expect(page.value('posthorn_dispatch_mode{mode="individual"}') ?? 0).toBeLessThanOrEqual(count);
    expect(page.value('posthorn_temporal_away')).toBe(0);
    expect(page.value('process_start_time_seconds')).toBeGreaterThan(0);
  }
  expect((await api.get('/v1/status')).body.relays).toHaveLength(count);

  const sandbox = await api.makeTenant();
  await api.makeEndpoint(sandbox, `${api.origin}/sandbox/mine?script=500,200`);
  const event = await api.postEvent(sandbox);
  const seen = await until('both attempts', async () => {
    const { requests } = (await api.get('/sandbox/mine')).body;
    return requests.length === 2 && requests;
  });
  expect(seen).toMatchObject([
    { webhookId: event, statusAnswered: 200, signature: 'valid' },
    // a first attempt that goes ahead has no row yet
    { webhookId: event, statusAnswered: 500, signature: expect.stringMatching(/^(valid|unknown_delivery)$/) },
  ]);
  command.signal('SIGTERM');
  expect(await command.exit).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  await expect(fetch(api.origin)).rejects.toThrow();
});

it('replaces a killed process, loses nothing of it, and keeps what it had counted', async () => {
  const api = await start();
  receiver.answer('/hook', async (_request, response) => {
    await until('the kill', () => pids.some((pid) => !isAlive(pid)));
    response.writeHead(204).end();
  });
  const ids = names('b', 60);
  await api.post(ids);
  expect((await readMetrics(api.origin)).value('posthorn_events_accepted_total')).toBe(60);
  await until('requests in flight', () => receiver.requests.length > 0);
  const [victim = 0, ...others] = pids;
  process.kill(victim, 'SIGKILL');
  await arrived(ids);
  const replaced = await until('the replacement', () => childrenOf(command.pid).length === count && childrenOf(command.pid));
  expect(replaced).toEqual(expect.arrayContaining(others));
  expect(command.logged('process.ended')).toMatchObject([{ endedPid: victim, signal: 'SIGKILL' }]);
  pids = [...new Set([...pids, ...replaced])];
  expect((await readMetrics(api.origin)).value('posthorn_events_accepted_total')).toBe(60);
  await until('all to be recorded', async () => {
    const { rows } = await database.db.query(`select count(*)::int as n from deliveries where status = 'succeeded'`);
    return rows[0].n === 60;
  });
});

it.each(['SIGTERM', 'SIGKILL'] as const)('finishes requests in flight after %s of the primary, and leaves no process', async (signal) => {
  const api = await start();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  receiver.answer('/hook', async (_request, response) => {
    await held;
    response.writeHead(204).end();
  });
  await api.post(['c']);
  await until('the request', () => receiver.requests.length === 1);
  command.signal(signal);
  // the one that waits for an answer goes on, and records it
  await until('the others to end', () => pids.filter(isAlive).length === 1);
  release();
  expect(await command.exit).toBe(signal === 'SIGTERM' ? 0 : null);
  await until('all to end', () => !pids.some(isAlive));
  expect(receiver.requests).toHaveLength(1);
  const { rows } = await database.db.query('select status from deliveries');
  expect(rows).toEqual([{ status: 'succeeded' }]);
});

it('keeps the port while all processes are being replaced, and ignores Ctrl-C of a terminal in them', async () => {
  const api = await start();
  for (const pid of pids) process.kill(pid, 'SIGINT');
  expect((await api.get('/readyz')).status).toBe(200);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  const answer = await until('an answer of the primary', async () => {
    const response = await fetch(`${api.origin}/readyz`);
    return response.status === 503 && response;
  });
  expect(answer.headers.get('retry-after')).toBe('1');
  await until('the port to be served again', async () => (await api.get('/readyz')).status === 200);
  const replaced = await until('all', () => childrenOf(command.pid).length === count && childrenOf(command.pid));
  pids = [...pids, ...replaced];
  const ids = names('d', 6);
  expect(await api.post(ids)).toEqual(ids.map(() => 202));
  await arrived(ids);
});

it('gives the connections of a process that is frozen and then killed to the others, and lets it hold up one at most', async () => {
  const api = await start();
  const [frozen = 0] = pids;
  process.kill(frozen, 'SIGSTOP');
  const ids = names('e', 9);
  let answered = 0;
  const posted = ids.map(async (id) => {
    expect(await postAlone(api.origin, api.tenant, id)).toBe(202);
    answered++;
  });
  await until('all but one', () => answered === ids.length - 1);
  process.kill(frozen, 'SIGKILL');
  await Promise.all(posted);
  await arrived(ids);
  pids = [...pids, ...(await until('the replacement', () => childrenOf(command.pid).length === count && childrenOf(command.pid)))];
});

it('ends a request whose head does not arrive', async () => {
  const api = await start();
  const socket = connect(Number(new URL(api.origin).port), '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nhost:');
  const chunks: string[] = [];
  socket.on('data', (chunk) => chunks.push(String(chunk)));
  await once(socket, 'close');
  expect(chunks.join('')).toMatch(/^HTTP\/1\.1 408 /);
});
