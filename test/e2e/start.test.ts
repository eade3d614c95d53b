// `npm start` as its user sees it: an empty folder, the printed curl command, a signed event at the
// sandbox; then stopped and killed, and started again each time.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { compileCache } from '../support/start-cost.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '../../src/cli/main.ts');
let folder: string;
const started: Started[] = [];

interface Started {
  process: ChildProcess;
  said: string[];
  exit: Promise<number | null>;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-start-'));
});

afterEach(async () => {
  for (const { process, exit } of started.splice(0)) {
    process.kill('SIGTERM');
    await exit;
  }
  await rm(folder, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}, args: string[] = []): Started {
  const child = spawn(process.execPath, [main, 'start', ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_COMPILE_CACHE: compileCache,
      XDG_CONFIG_HOME: join(folder, 'config'),
      PORT: '0',
      TEMPORAL_UI_PORT: '0',
      LOG_LEVEL: 'warn',
      POSTHORN_DATA_DIR: join(folder, 'data'),
      ...env,
    },
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const one = { process: child, said, exit };
  started.push(one);
  return one;
}

const textOf = ({ said }: Started) => said.join('');

/** The printed shell commands: one posts the first event, one reads the sandbox. */
async function commandsOf(one: Started): Promise<{ post: string; look: string }> {
  const commands = await until(
    'the commands',
    () => {
      const found = textOf(one).match(/^curl (?:.+\\\n)*.+$/gm);
      return found?.length === 2 ? found : one.process.exitCode !== null && Promise.reject(new Error(textOf(one)));
    },
    120_000,
  );
  return { post: commands[0] ?? '', look: commands[1] ?? '' };
}

/** `key`: the value of POSTHORN_API_KEY in the shell that runs them. */
async function deliver({ post, look }: { post: string; look: string }, key = '') {
  const env = { ...process.env, POSTHORN_API_KEY: key };
  const accepted = JSON.parse((await run('sh', ['-c', `${post} --silent`], { env })).stdout) as { id: string };
  return until('the event at the sandbox', async () => {
    const { requests } = JSON.parse((await run('sh', ['-c', `${look} --silent`], { env })).stdout) as {
      requests: { webhookId: string; signature: string }[];
    };
    return requests.find((request) => request.webhookId === accepted.id);
  });
}

const readKey = async () => (await readFile(join(folder, 'data/api-key'), 'utf8')).trim();

it('starts on an empty folder, delivers the printed event, stops, and continues where it stopped, even after kill -9', async () => {
  const first = start();
  const commands = await commandsOf(first);
  expect(await deliver(commands)).toMatchObject({ signature: 'valid' });
  const { origin, port } = new URL(/http:\/\/\S+/.exec(commands.post)?.[0] ?? '');
  expect(textOf(first)).toContain('Temporal Web UI  http://127.0.0.1:');
  const key = await readKey();
  const call = (method: string, path: string) => fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${key}` } });

  const second = start();
  expect(await second.exit).toBe(1);
  expect(textOf(second)).toMatch(/^Posthorn is already running on .+ with pid \d+, see http:\/\/127\.0\.0\.1:\d+\. .+\n$/);

  const doctor = runCommand(['doctor', '--json', '--timeout', '60'], { POSTHORN_DATA_DIR: join(folder, 'data') });
  expect(await doctor.exit, doctor.said()).toBe(0);
  const { findings } = JSON.parse(doctor.said()) as { findings: { check: string; level: string; message: string }[] };
  expect(findings.find(({ check }) => check === 'postgres.reachable')?.message).toBe('The embedded PostgreSQL answers.');
  expect(findings.filter(({ check, level }) => level !== 'ok' && !/^(disk|egress)/.test(check))).toEqual([]);

  // the command line finds it by the profile that the start has written
  const listed = runCommand(['tenants', 'list', '--json'], { XDG_CONFIG_HOME: join(folder, 'config') });
  expect(await listed.exit, listed.said()).toBe(0);
  expect(JSON.parse(listed.said())).toMatchObject({ id: 'demo' });
  expect((await stat(join(folder, 'config/posthorn/profiles.json'))).mode & 0o777).toBe(0o600);

  expect((await call('DELETE', '/v1/tenants/demo')).status).toBe(204);
  first.process.kill('SIGINT');
  expect(await first.exit).toBe(0);

  // the database has no tenant `demo`, so ready means that it was created again
  const third = start({ PORT: port }, ['--demo']);
  await until('it to be ready', async () => (await call('GET', '/readyz')).status === 200, 120_000, 10);
  expect((await call('GET', '/v1/tenants/demo')).status).toBe(200);
  expect(await deliver(await commandsOf(third))).toMatchObject({ signature: 'valid' });
  third.process.kill('SIGKILL');
  await third.exit;

  const own = 'an-admin-key-of-my-own';
  const fourth = start({ PORT: port, POSTHORN_API_KEY: own, NODE_ENV: 'production', LOG_LEVEL: 'trace' });
  expect(await deliver(await commandsOf(fourth), own)).toMatchObject({ signature: 'valid' });
  expect(textOf(fourth)).toContain('"msg":"api.request"');
  // output that does not go to a terminal is kept in a log, so it must contain no key, neither a generated nor a given
  // one
  for (const one of [first, second, third, fourth]) {
    expect(textOf(one)).not.toContain(key);
    expect(textOf(one)).not.toContain(own);
  }
});

it('reports in one message why it cannot start', async () => {
  const first = start({ PORT: '99999' });
  expect(await first.exit).toBe(1);
  expect(textOf(first)).toMatch(/^PORT: .+\n$/);

  const external = start({ DATABASE_URL: 'postgres://127.0.0.1:1/none', TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(await external.exit).toBe(1);
  expect(textOf(external)).toMatch(/^POSTHORN_API_KEY and POSTHORN_MASTER_KEY must be set\. .+\n {2}export POSTHORN_API_KEY=/);

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const other = start({ PORT: String(port) });
  expect(await other.exit).toBe(1);
  taken.close();
  expect(textOf(other)).toMatch(new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is already in use: set PORT to a free port\\n$`));
});
