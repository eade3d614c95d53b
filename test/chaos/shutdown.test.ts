// A process that is told to stop: it is not ready first, answers every request that it has got, and finishes its attempts or
// cuts them off without using one up. Nothing is lost. A second signal ends it at once.
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, it, type TestContext } from 'vitest';
import { checkTimings } from '#domain/timings';
import { apiOf, childrenOf, isAlive, runCommand } from '../support/command.ts';
import { createTestDatabase } from '../support/database.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { createProcessGroup } from '../support/posthorn-process.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { makeTenant, openStage } from './stage.ts';

const namespace = 't108';

async function commandOf({ onTestFinished }: TestContext, env: Record<string, string>) {
  const [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const whole = { ...testEnv(database, namespace), DATABASE_POOL: '12', LOG_LEVEL: 'info', ...env };
  const command = runCommand(['start'], whole);
  const next = createProcessGroup();
  onTestFinished(async () => {
    if (isAlive(command.pid)) command.signal('SIGKILL');
    await Promise.all([command.exit, next.end(false)]);
    await receiver.close();
    await database.drop();
  });
  const api = await apiOf(command);
  const tenant = await api.makeTenant();
  await api.makeEndpoint(tenant, `${receiver.url}/hook`);
  // its leases are short: it takes over sooner
  const again = () => next.start({ env: whole, timings: quickLeases });
  return { command, receiver, api, tenant, again, database };
}

/** The head of a POST of an event, on a connection that stays open. */
async function beginPost(origin: string, tenant: string, body: string): Promise<{ socket: Socket; said(): string }> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let said = '';
  socket.on('data', (data) => {
    said += data;
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(
    `POST /v1/tenants/${tenant}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testApiKey}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 10)}`,
  );
  return { socket, said: () => said };
}

/** Posts on a connection of its own. */
function postAlone(origin: string, tenant: string, id: string): Promise<number> {
  const headers = { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = request(
      `${origin}/v1/tenants/${tenant}/events`,
      { method: 'POST', headers, agent: new Agent({ keepAlive: false }) },
      (response) => void response.resume().once('end', () => resolve(response.statusCode ?? 0)),
    );
    call.once('error', reject).end(JSON.stringify({ id, type: 'order.created', data: 1 }));
  });
}

/** Null: nothing answers. */
async function readiness(origin: string): Promise<[number, string] | null> {
  const answer = await fetch(`${origin}/readyz`, { headers: { connection: 'close' } }).catch(() => null);
  return answer && [answer.status, ((await answer.json()) as { status: string }).status];
}

it.for([1, 2])('%s processes: not ready first, then the requests under way are answered, and all is delivered', async (count, context) => {
  const { command, receiver, api, tenant, again } = await commandOf(context, {
    POSTHORN_SHUTDOWN_DELAY: '2s',
    POSTHORN_PROCESSES: String(count),
  });
  const body = JSON.stringify({ id: 'slow', type: 'order.created', data: 1 });
  const slow = await beginPost(api.origin, tenant, body);
  const idle = await beginPost(api.origin, tenant, body.replace('slow', 'idle'));
  idle.socket.write(body.replace('slow', 'idle').slice(10));
  await until('the answer', () => /^HTTP\/1.1 202 /.test(idle.said()) && !/connection: close/i.test(idle.said()));
  // as behind a balancer, which asks for readiness and sends nothing any more once it is gone
  const answers = new Map<string, number>();
  let isReady = true;
  const sending = Array.from({ length: 4 }, async (_, sender) => {
    for (let n = 0; isReady; n++) {
      const id = `${sender}-${n}`;
      answers.set(id, await postAlone(api.origin, tenant, id));
    }
  });
  await until('some events', () => answers.size > 20);
  command.signal('SIGTERM');
  expect(
    await until('it is not ready', async () => {
      const [status, text] = (await readiness(api.origin)) ?? [];
      return status !== 200 && [status, text];
    }),
  ).toEqual([503, 'stopping']);
  isReady = false;
  await Promise.all(sending);
  await until('the port to close', async () => (await readiness(api.origin)) === null);
  await until('the idle connection to close', () => idle.socket.destroyed);
  slow.socket.write(body.slice(10));
  await until('the answer to the slow request', () => slow.socket.destroyed);
  // the other of two processes may still be about to close its idle connections, and then closes this one after its answer
  expect(slow.said()).toMatch(count === 1 ? /^HTTP\/1.1 202 [\s\S]*connection: close/i : /^HTTP\/1.1 202 /);
  expect(await command.exit).toBe(0);
  expect([...answers.values()].filter((status) => status !== 202)).toEqual([]);
  // an event of the last moment may wait for the next process
  await again();
  const sent = ['slow', 'idle', ...answers.keys()];
  await until('all to arrive', () => sent.every((id) => receiver.of(id).length > 0));
  expect(sent.filter((id) => receiver.of(id).length !== 1)).toEqual([]);
});

// production: requests of 30 s at most, cut off after 35 s
const hasty = checkTimings({ ...quickLeases, shutdown: { longestRequestMs: 500, graceMs: 1_500, forceMs: 6_000 } });

it.each(['individual', 'batched'])('a request over the grace is cut off, and uses up no attempt: %s', async (dispatch) => {
  const stage = await openStage({ namespace, timings: hasty, env: { POSTHORN_DISPATCH: dispatch } });
  try {
    const first = await stage.start();
    const tenant = await makeTenant(stage, first, { retry: { schedule: ['1h'] } });
    stage.receiver.answer('/hook', (_request, response, count) => void (count > 1 && response.writeHead(204).end()));
    await stage.send(first, tenant, ['held']);
    await until('the request', () => stage.receiver.of('held').length === 1);
    expect(await first.stop()).toMatchObject({ code: 0, signal: null });
    expect(stage.receiver.of('held')).toMatchObject([{ answered: null }]);
    expect(await stage.query('select from attempts')).toEqual([]);
    await stage.start();
    await until('its delivery', async () => (await stage.query(`select from deliveries where status = 'succeeded'`)).length === 1);
    expect(stage.receiver.of('held').map(({ headers }) => headers['posthorn-attempt'])).toEqual(['1', '1']);
    expect(await stage.query('select status, attempts from deliveries')).toEqual([{ status: 'succeeded', attempts: 1 }]);
  } finally {
    await stage.close(false);
  }
});

it('a second signal ends all processes at once, and the request in flight is not recorded', async (context) => {
  const { command, receiver, api, tenant, database } = await commandOf(context, { POSTHORN_PROCESSES: '2' });
  const pids = childrenOf(command.pid);
  expect(pids).toHaveLength(2);
  receiver.answer('/hook', () => undefined);
  await api.postEvent(tenant, { id: 'held' });
  await until('the request', () => receiver.of('held').length === 1);
  command.signal('SIGTERM');
  await until('it to stop', async () => (await readiness(api.origin)) === null);
  const askedAt = performance.now();
  await until('the signal to count as a second one', () => performance.now() > askedAt + 600);
  command.signal('SIGTERM');
  expect(await command.exit).toBe(128 + 15);
  expect(command.said()).toContain('Stopped at once');
  await until('its processes to end', () => !pids.some(isAlive));
  expect(receiver.of('held')).toMatchObject([{ answered: null }]);
  expect((await database.db.query('select from attempts')).rowCount).toBe(0);
});
