// `posthorn listen`: deliveries reach a receiver on the developer's machine through the connection of the command, and its
// answers are the outcomes.
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../support/api.ts';
import { type Cli, openCli, type RunningCli } from '../support/cli.ts';
import { createTestDatabase } from '../support/database.ts';
import { ownPort } from '../support/own-port.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { createProcessGroup } from '../support/posthorn-process.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let receiver: Receiver;
const clis: Cli[] = [];
const running: RunningCli[] = [];
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(async () => {
  for (const one of running) one.signal('SIGKILL');
  await Promise.all(running.map(({ exit }) => exit));
  for (const cli of clis) cli.remove();
  await receiver.close();
});

interface Ready {
  kind: 'ready';
  endpoint: string;
  secret: string;
}
interface Told {
  kind: 'request';
  event: string;
  attempt: number;
  status: number | null;
}

function cliOf(origin: string, key = testApiKey): Cli {
  const cli = openCli({ POSTHORN_URL: origin, POSTHORN_API_KEY: key });
  clis.push(cli);
  return cli;
}

async function listen(cli: Cli, tenant: string, path: string, ...more: string[]): Promise<RunningCli & Ready & { told(): Told[] }> {
  const one = cli.start(['--json', 'listen', '--forward-to', `${receiver.url}${path}`, '-t', tenant, ...more]);
  running.push(one);
  const lines = () =>
    one
      .stdout()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Ready | Told);
  let ended = false;
  void one.exit.then(() => {
    ended = true;
  });
  const ready = await until('the command to listen', () => ended || lines()[0]);
  if (ready === true) throw new Error(`the command has ended: ${one.stderr()}`);
  return { ...one, ...(ready as Ready), told: () => lines().filter((line): line is Told => line.kind === 'request') };
}

async function lastAttempt(api: Api, tenant: string, event: string, wanted: (attempt: { message: string; outcome: string }) => boolean) {
  return until('the attempt', async () => {
    const [delivery] = await api.deliveriesOf(tenant, event);
    const [attempt] = delivery ? (await api.get(`/v1/deliveries/${delivery.id}/attempts`)).body.data : [];
    return attempt && wanted(attempt) && attempt;
  });
}

withPosthorn('hands requests to the command, and its answers back', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const cli = cliOf(posthorn.origin);
  receiver.answer('/hook', (_request, response, count) => {
    if (count === 1) response.writeHead(503, { 'X-Why': 'starting', 'retry-after': '1' }).end('not yet');
    else response.writeHead(201).end('ok');
  });
  const one = await listen(cli, tenant, '/hook');
  const changed = await posthorn.call('PATCH', `/v1/endpoints/${one.endpoint}`, {
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 20 },
  });
  expect(changed.status).toBe(200);
  const event = await posthorn.postEvent(tenant, { data: { n: 1, big: 'ä'.repeat(10_000) } });
  const first = await lastAttempt(posthorn, tenant, event, ({ outcome }) => outcome === 'http_status');
  expect(first).toMatchObject({ status: 503, body: 'not yet', headers: expect.arrayContaining([['X-Why', 'starting']]) });
  expect(first.message).toMatch(/^HTTP 503 from 127\.0\.0\.1:\d+ \(posthorn listen\), \d+ ms$/);
  const second = await lastAttempt(posthorn, tenant, event, ({ outcome }) => outcome === 'accepted');
  expect(second).toMatchObject({ status: 201, body: 'ok', address: null });
  expect(second.timings.totalMs).toBeGreaterThanOrEqual(second.timings.firstByteMs);
  const [request] = receiver.of(event);
  // the bytes and headers of any receiver
  expect(new Webhook(one.secret).verify(request?.body.toString() ?? '', request?.headers ?? {})).toMatchObject({ data: { n: 1 } });
  expect(request?.headers).toMatchObject({
    'user-agent': expect.stringMatching(/^Posthorn\//),
    'content-length': String(request?.body.length),
  });
  await until('the command to tell', () => one.told().length === 2);
  expect(one.told().map(({ attempt, status }) => ({ attempt, status }))).toEqual([
    { attempt: 1, status: 503 },
    { attempt: 2, status: 201 },
  ]);

  // a conformance run takes the same way
  const { body: report } = await posthorn.post(`/v1/endpoints/${one.endpoint}/conformance`, { cases: ['replay'] });
  expect(report.control.requests).toMatchObject([{ status: 503, message: expect.stringContaining('(posthorn listen)') }]);

  one.signal('SIGINT');
  expect(await one.exit).toMatchObject({ code: 0 });
  const missed = await posthorn.postEvent(tenant, { id: 'missed' });
  const refused = await lastAttempt(posthorn, tenant, missed, () => true);
  expect(refused).toMatchObject({ outcome: 'connect', message: 'nobody is listening: run `posthorn listen` to receive it', status: null });

  // the same endpoint and secret, and what was missed comes with the next attempt
  const again = await listen(cli, tenant, '/hook', '--event-types', 'order.*');
  expect(again).toMatchObject({ endpoint: one.endpoint, secret: one.secret });
  await until('the missed event', () => receiver.of(missed).length > 0);
  again.signal('SIGINT');
  await again.exit;
});

withPosthorn('says why a receiver was not reached, and makes way for another command', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const cli = cliOf(posthorn.origin);
  const nowhere = cli.start(['listen', '-f', `127.0.0.1:${await ownPort()}/x`, '-t', tenant]);
  running.push(nowhere);
  await until('it to listen', () => nowhere.stderr().includes('Ctrl-C stops it.'));
  expect(nowhere.stderr()).toMatch(
    /^Listening as endpoint ep_\w+ of tenant \S+ for all event types\.\nRequests go to http:\/\/127.+whsec_/,
  );
  const event = await posthorn.postEvent(tenant);
  const attempt = await lastAttempt(posthorn, tenant, event, () => true);
  expect(attempt).toMatchObject({
    outcome: 'connect',
    message: expect.stringMatching(/^cannot reach 127\.0\.0\.1:\d+ \(posthorn listen\) \(ECONNREFUSED\)/),
  });

  expect(nowhere.stdout()).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d {2}order\\.created {2}${event} {2}ECONNREFUSED: .+ \\d+ ms\n`));
  const other = await listen(cli, tenant, '/taken');
  expect(await nowhere.exit).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Another `posthorn listen` has taken over this endpoint.'),
  });
  await until('the event at the other', () =>
    receiver.requests.some(({ path, headers }) => path === '/taken' && headers['webhook-id'] === event),
  );
  other.signal('SIGINT');
  expect(await other.exit).toMatchObject({ code: 0 });
});

withPosthorn('is closed to keys of other tenants and to endpoints with an address', async ({ posthorn }) => {
  const [tenant, stranger] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  const { id } = await posthorn.makeEndpoint(tenant, 'https://listen.posthorn.invalid/mine');
  const { body: key } = await posthorn.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: stranger });
  const foreign = createApi(posthorn.origin, key.key);
  expect((await foreign.get(`/v1/endpoints/${id}/listen`)).status).toBe(404);
  const answer = { target: 'x:1', status: 200, totalMs: 1 };
  expect((await foreign.post(`/v1/endpoints/${id}/listen/019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8`, answer)).status).toBe(404);
  const { id: usual } = await posthorn.makeEndpoint(tenant, `${receiver.url}/usual`);
  expect((await posthorn.get(`/v1/endpoints/${usual}/listen`)).status).toBe(409);
  const bad = await posthorn.post(`/v1/endpoints/${id}/listen/019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8`, {
    ...answer,
    error: { code: 'x', message: '' },
  });
  expect(bad).toMatchObject({ status: 422, body: { errors: expect.arrayContaining([expect.objectContaining({ path: 'error.code' })]) } });
});

it('goes on when the process that holds the connection dies; another process attempts', async () => {
  const database = await createTestDatabase();
  const group = createProcessGroup();
  try {
    const port = String(await ownPort());
    const env = { ...testEnv(database, 't138'), POSTHORN_MASTER_KEY: randomBytes(32).toString('base64'), POSTHORN_DISPATCH: 'batched' };
    const startServer = () => group.start({ env: { ...env, PORT: port }, role: 'server', awaited: 'listening', timings: quickWaits });
    const [server] = await Promise.all([startServer(), group.start({ env, role: 'worker', timings: quickWaits })]);
    const tenant = await server.makeTenant();
    const one = await listen(cliOf(server.origin), tenant, '/several');
    const before = await server.postEvent(tenant);
    await until('the first event', () => receiver.of(before).length === 1);
    await server.kill();
    const next = await startServer();
    const after = await next.postEvent(tenant);
    await until('the event after the death', () => receiver.of(after).length > 0);
    await until('its success', async () => (await next.deliveriesOf(tenant, after))[0]?.status === 'succeeded');
    expect(one.stdout().match(/"ready"/g)).toHaveLength(1);
  } finally {
    await group.end(false);
    await database.drop();
  }
});
