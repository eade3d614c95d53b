// What the commands of Posthorn say while Temporal is stopped: their logs, their readiness, and the metrics of the SDK.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, type TestContext } from 'vitest';
import { readMetrics } from '../api/prometheus-page.ts';
import { type Api, createApi } from '../support/api.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ownPort } from '../support/own-port.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-servers.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { compileCache } from '../support/start-cost.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
/** A poll of a worker is answered after a minute if there is no task. */
const patienceMs = 240_000;

let temporal: OwnTemporal;
let database: TestDatabase;
let receiver: Receiver;
let env: Record<string, string>;
beforeAll(async () => {
  [temporal, database, receiver] = await Promise.all([startOwnTemporal(), createTestDatabase(), startReceiver()]);
  env = { ...testEnv(database, 'default'), TEMPORAL_ADDRESS: temporal.address };
});
afterAll(async () => {
  await Promise.all([temporal?.close(), database?.drop(), receiver?.close()]);
});

interface Command extends Api {
  origin: string;
  kill(): Promise<void>;
  stdout(): string;
  /** The lines of its log, parsed. Throws if one is not JSON. */
  log(): Record<string, unknown>[];
}

/** Runs until the test has finished. `origin`: of the API, or of the metrics of a worker. */
async function startCommand(
  { onTestFinished }: TestContext,
  role: 'start' | 'server' | 'worker',
  more: Record<string, string> = {},
): Promise<Command> {
  const port = String(await ownPort());
  const ports = role === 'worker' ? { POSTHORN_METRICS_PORT: port } : { PORT: port };
  const base = { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache };
  const child = spawn(process.execPath, [main, role], { env: { ...base, ...env, ...ports, ...more } });
  onTestFinished(() => ended(child));
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      said[stream] += String(chunk);
    });
  }
  const origin = `http://127.0.0.1:${port}`;
  const lines = () =>
    said.stderr
      .slice(0, said.stderr.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
  return {
    ...createApi(origin, testApiKey),
    origin,
    kill: () => ended(child),
    stdout: () => said.stdout,
    log: () => lines().map((line) => JSON.parse(line)),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve));
  if (child.exitCode === null && child.kill('SIGKILL')) await closed;
}

async function readiness({ origin }: Command) {
  const response = await fetch(`${origin}/readyz`);
  return { code: response.status, ...((await response.json()) as object) };
}

/** Posts an event for a lane and for a workflow. True: the process is ready. */
async function isReadyAfterTasks(command: Command): Promise<boolean> {
  const tenant = await command.makeTenant();
  await command.makeEndpoint(tenant, receiver.url);
  await command.makeEndpoint(tenant, receiver.url, { ordering: 'endpoint' });
  await command.postEvent(tenant);
  return (await readiness(command)).code === 200 && JSON.stringify(await readiness(command)).includes('"polling"');
}

const ready = { postgres: 'up', temporal: 'up', worker: 'polling' };

it.concurrent('a worker that cannot be created is not ready, although PostgreSQL and Temporal answer', async (context) => {
  // the Temporal below is stopped, and its workers are counted
  const other = await createTestDatabase();
  context.onTestFinished(other.drop);
  const elsewhere = { DATABASE_URL: other.url, TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'does-not-exist' };
  const worker = await startCommand(context, 'worker', elsewhere);
  await until('the refusal', () => worker.log().some(({ msg }) => msg === 'temporal.not_ready'), patienceMs);
  expect(await readiness(worker)).toMatchObject({ code: 503, status: 'degraded', postgres: 'up', worker: 'not_polling' });
  expect((await fetch(`${worker.origin}/healthz`)).status).toBe(200);
});

it.concurrent('a stopped Temporal: not ready, and every line of the logs is JSON; ready again when it is back', async (context) => {
  const [whole, server, worker] = await Promise.all([
    startCommand(context, 'start'),
    startCommand(context, 'server'),
    startCommand(context, 'worker'),
  ]);
  const becomes = (command: Command, facts: object) =>
    until(`${JSON.stringify(facts)}`, async () => expect(await readiness(command)).toMatchObject(facts) ?? true, patienceMs);
  for (const command of [whole, worker]) await becomes(command, { code: 200, status: 'ok', ...ready });
  expect(await readiness(server)).toEqual({ code: 200, status: 'ok', postgres: 'up', temporal: 'up', workers: 2 });
  const page = await readMetrics(worker.origin);
  expect(page.value('temporal_worker_task_slots_available{task_queue="posthorn",worker_type="ActivityWorker"}')).toBeGreaterThan(0);

  await temporal.stop();
  await becomes(worker, { code: 503, status: 'degraded', postgres: 'up', temporal: 'away', worker: 'not_polling' });
  await becomes(whole, { code: 200, status: 'degraded', postgres: 'up', temporal: 'away', worker: 'not_polling' });
  await becomes(server, { code: 200, status: 'degraded', postgres: 'up', temporal: 'away' });
  expect((await fetch(`${worker.origin}/healthz`)).status).toBe(200);
  for (const command of [whole, worker]) {
    const ofCore = await until(
      'a warning of the core',
      () => command.log().find(({ sdkComponent }) => sdkComponent === 'core'),
      patienceMs,
    );
    expect(ofCore).toMatchObject({
      level: 40,
      time: expect.any(String),
      msg: expect.stringMatching(/^gRPC call \w+ retried/),
      target: expect.any(String),
    });
    const failures = (await readMetrics(command.origin)).all;
    expect(Object.keys(failures)).toContainEqual(
      expect.stringMatching(/^temporal_long_request_failure_total\{operation="PollActivityTaskQueue"/),
    );
  }

  // alone, so that the tasks below are its own: without tasks it is ready a minute later
  await worker.kill();
  await temporal.start();
  await until('it to be ready', () => isReadyAfterTasks(whole), patienceMs);
  for (const command of [server, worker]) expect(command.stdout()).toBe('');
  expect(server.log().length).toBeGreaterThan(0);
}, 600_000);
