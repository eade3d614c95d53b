// `posthorn start` in several processes behind one port: all of them answer, nothing is lost when one of them or the primary
// is killed, and none of them outlives the command.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMetrics } from '../api/prometheus-page.ts';
import type { Api } from '../support/api.ts';
import { apiOf, type Command, childrenOf, isAlive, runCommand } from '../support/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startTimeoutMs } from '../support/start-cost.ts';
import { until } from '../support/until.ts';

const count = 3;
let database: TestDatabase;
let env: Record<string, string>;
let receiver: Receiver;
let command: Command;
/** Those that serve now, and all there have been. */
let pids: number[];
const ever = new Set<number>();

beforeAll(async () => {
  [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const processes = { POSTHORN_PROCESSES: String(count), DATABASE_POOL: '12' };
  env = { ...testEnv(database, 't83'), ...processes, POSTHORN_DISPATCH: 'adaptive', LOG_LEVEL: 'info' };
});

afterAll(async () => {
  await receiver.close();
  await database.drop();
});

/** Ends the command, and makes sure that none of its processes is left. */
async function end(): Promise<void> {
  if (isAlive(command.pid)) command.signal('SIGTERM');
  await command.exit;
  await until('all processes to end', () => ![...ever].some(isAlive));
}

function serving(now: number[]): number[] {
  for (const pid of now) ever.add(pid);
  pids = now;
  return now;
}

/** Resolves when as many serve as before those were killed. */
async function replaced(...killed: number[]): Promise<number[]> {
  const areBack = () => {
    const started = new Set(command.logged('server.started').map(({ pid }) => pid));
    const children = childrenOf(command.pid);
    return children.length === count && children.every((pid) => started.has(pid) && !killed.includes(pid)) && children;
  };
  const now = await until('the replacement', areBack, startTimeoutMs);
  return serving(now);
}

async function start() {
  command = runCommand(['start'], env);
  const api = await apiOf(command);
  serving(childrenOf(command.pid));
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

/** What is answered to the beginning of a request until its connection ends. */
function untilEnded(origin: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nhost:');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve(answer)));
}

const names = (prefix: string, many: number) => Array.from({ length: many }, (_, n) => `${prefix}-${n}`);
const arrived = (ids: string[]) =>
  until('all to arrive', () => ids.every((id) => receiver.requests.some(({ headers }) => headers['webhook-id'] === id)));

/** Ends the primary while an endpoint holds a request. Returns the exit code. */
async function finish(api: Pick<Api, 'makeTenant' | 'makeEndpoint' | 'postEvent'>, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  receiver.answer('/held', async (_request, response) => {
    await held;
    response.writeHead(204).end();
  });
  const tenant = await api.makeTenant();
  await api.makeEndpoint(tenant, `${receiver.url}/held`, { timeoutMs: 30_000 });
  const event = await api.postEvent(tenant);
  await until('the request', () => receiver.of(event).length === 1);
  command.signal(signal);
  // the one that waits for an answer goes on, and records it
  await until('the others to end', () => pids.filter(isAlive).length === 1);
  release();
  const code = await command.exit;
  await until('all to end', () => ![...ever].some(isAlive));
  expect(receiver.of(event)).toHaveLength(1);
  const { rows } = await database.db.query('select status from deliveries d join events e on e.id = d.event_id where external_id = $1', [
    event,
  ]);
  expect(rows).toEqual([{ status: 'succeeded' }]);
  return code;
}

describe('of one command', () => {
  let api: Awaited<ReturnType<typeof start>>;
  /** Begun early, because their time is long. */
  let unfinished: Promise<string>[];

  beforeAll(async () => {
    api = await start();
    unfinished = pids.map(() => untilEnded(api.origin));
  });

  afterAll(end);

  it('answers from each process, adds up their metrics, and has one sandbox', async () => {
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
  });

  it('gives the connections of a process that is frozen and then killed to the others, and lets it hold up one at most', async () => {
    const [frozen = 0] = pids;
    process.kill(frozen, 'SIGSTOP');
    const ids = names('e', 9);
    let answered = 0;
    const posted = ids.map(async (id) => {
      expect(await postAlone(api.origin, api.tenant, id)).toBe(202);
      answered++;
    });
    await until('all but one', () => answered >= ids.length - 1);
    process.kill(frozen, 'SIGKILL');
    await Promise.all(posted);
    await arrived(ids);
    await replaced(frozen);
  });

  it('replaces a killed process, loses nothing of it, and keeps what it had counted', async () => {
    const [victim = 0, ...others] = pids;
    const seen = receiver.requests.length;
    const accepted = async () => (await readMetrics(api.origin)).value('posthorn_events_accepted_total') ?? 0;
    const before = await accepted();
    receiver.answer('/hook', async (_request, response) => {
      await until('the kill', () => !isAlive(victim));
      response.writeHead(204).end();
    });
    const ids = names('b', 60);
    await api.post(ids);
    expect(await accepted()).toBe(before + 60);
    await until('requests in flight', () => receiver.requests.length > seen);
    process.kill(victim, 'SIGKILL');
    await arrived(ids);
    expect(await replaced(victim)).toEqual(expect.arrayContaining(others));
    expect(command.logged('process.ended')).toContainEqual(expect.objectContaining({ endedPid: victim, signal: 'SIGKILL' }));
    expect(await accepted()).toBe(before + 60);
    await until('all to be recorded', async () => {
      const { rows } = await database.db.query(
        `select count(*)::int as n from deliveries d join events e on e.id = d.event_id where d.status = 'succeeded' and external_id like 'b-%'`,
      );
      return rows[0].n === 60;
    });
  });

  it('ends requests whose heads do not arrive', async () => {
    // those that were killed above answered nothing
    const answers = (await Promise.all(unfinished)).filter((answer) => answer !== '');
    if (answers.length === 0) answers.push(await untilEnded(api.origin));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('keeps the port while all processes are being replaced, and ignores Ctrl-C of a terminal in them', async () => {
    for (const pid of pids) process.kill(pid, 'SIGINT');
    expect((await api.get('/readyz')).status).toBe(200);
    const killed = pids;
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const answer = await until('an answer of the primary', async () => {
      const response = await fetch(`${api.origin}/readyz`);
      return response.status === 503 && response;
    });
    expect(answer.headers.get('retry-after')).toBe('1');
    await until('the port to be served again', async () => (await api.get('/readyz')).status === 200, startTimeoutMs);
    await replaced(...killed);
    const ids = names('d', 6);
    expect(await api.post(ids)).toEqual(ids.map(() => 202));
    await arrived(ids);
  });

  it('finishes a request in flight after SIGTERM of the primary, and leaves no process', async () => {
    expect(await finish(api, 'SIGTERM')).toBe(0);
    await expect(fetch(api.origin)).rejects.toThrow();
  });
});

describe('of another command', () => {
  afterAll(end);

  it('finishes a request in flight after SIGKILL of the primary, and leaves no process', async () => {
    expect(await finish(await start(), 'SIGKILL')).toBe(null);
  });
});
