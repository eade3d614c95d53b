// `npm run dev` as a developer uses it, on a copy of the sources: a change restarts Posthorn and
// nothing else, a syntax error waits for the next change, and Ctrl-C ends everything.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { makeScratch, processesOf } from '../embedded/scratch.ts';
import { createApi } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const startMs = 120_000;
const apiKey = 'a-key-for-npm-run-dev';

let folder: string;

/** A copy of all that `npm run dev` reads, with the packages of this clone. `dist` may hold built workflow bundles. */
beforeAll(() => {
  folder = makeScratch();
  for (const name of ['bin', 'src', 'migrations', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
  cpSync('packages', join(folder, 'packages'), { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
  const isBundle = (path: string) => /^dist(\/workflows-\w+\.js)?$/.test(path);
  if (existsSync('dist')) cpSync('dist', join(folder, 'dist'), { recursive: true, filter: isBundle });
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Dev {
  process: ChildProcess;
  exit: Promise<number | null>;
  /** Resolves when the output after the last match matches. */
  says(text: RegExp): Promise<RegExpExecArray>;
}

function startDev(): Dev {
  const { PATH, HOME } = process.env;
  const ports = { PORT: '0', TEMPORAL_PORT: '0', TEMPORAL_UI_PORT: '0' };
  const settings = { LOG_LEVEL: 'error', POSTHORN_API_KEY: apiKey, POSTHORN_ALLOW_CIDRS: '127.0.0.0/8', POSTHORN_RETRY_SCHEDULE: '1h' };
  const own = { XDG_CONFIG_HOME: join(folder, 'config'), NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const env = { PATH, HOME, ...own, ...ports, ...settings };
  const child = spawn(process.execPath, [join(folder, 'bin/dev.ts')], { env, cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let unread = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      unread += chunk;
    });
  }
  return {
    process: child,
    exit,
    async says(text) {
      const found = await until(`the output ${text}`, () => text.exec(unread) ?? Promise.reject(new Error(unread)), startMs);
      unread = unread.slice(found.index + found[0].length);
      return found;
    },
  };
}

/** As many editors save: another file takes the place of this one. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}~`, text);
  renameSync(`${file}~`, file);
}

const apiOf = async (dev: Dev) => createApi((await dev.says(/API +(http:\S+)\/v1$/m))[1] ?? '', apiKey);

it('restarts Posthorn at each change, keeps the stores, and Ctrl-C ends everything', async () => {
  const outcome = join(folder, 'src/domain/deliveries/outcome.ts');
  const source = readFileSync(outcome, 'utf8');
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  receiver.answer('/', [500, 204]);
  const dev = startDev();
  const api = await apiOf(dev);
  const temporal = readFileSync(join(folder, '.posthorn/temporal/pid'), 'utf8');
  const tenant = await api.makeTenant();
  await api.makeEndpoint(tenant, `${receiver.url}/`);
  const event = await api.postEvent(tenant);
  const delivery = () => api.deliveriesOf(tenant, event).then(([first]) => first);
  const { id } = await until('a refused attempt', async () => ((await delivery())?.status === 'retrying' ? await delivery() : null));

  replaceFile(outcome, `${source}\nthis is no TypeScript;\n`);
  await dev.says(/^src\/domain\/deliveries\/outcome\.ts changed\. Posthorn restarts\.$/m);
  await dev.says(/^Posthorn has ended with exit code 1\. It starts again after the next change\.$/m);
  replaceFile(outcome, source);
  await dev.says(/^src\/domain\/deliveries\/outcome\.ts changed\. Posthorn restarts\.$/m);
  await dev.says(/^Posthorn is ready again, [\d.]+ s after its start\.$/m);
  appendFileSync(join(folder, 'src/embedded/postgres.ts'), '// changed\n');
  await dev.says(/^src\/embedded\/postgres\.ts changed\. A restart does not load it/m);

  expect((await api.post(`/v1/deliveries/${id}/retry-now`)).status).toBe(202);
  await until('the delivery', async () => (await delivery())?.status === 'succeeded');
  expect(receiver.of(event)).toHaveLength(2);
  expect(readFileSync(join(folder, '.posthorn/temporal/pid'), 'utf8')).toBe(temporal);
  const log = readFileSync(join(folder, '.posthorn/postgres/postgres.log'), 'utf8');
  expect(log.match(/ready to accept connections/g)).toHaveLength(1);

  dev.process.kill('SIGINT');
  expect(await dev.exit).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

it('leaves nothing behind when it is killed, and continues on the same stores', async () => {
  const first = startDev();
  const tenant = await (await apiOf(first)).makeTenant();
  first.process.kill('SIGKILL');
  await until('the end of all its processes', () => processesOf(folder).length === 0);

  const second = startDev();
  expect((await (await apiOf(second)).get(`/v1/tenants/${tenant}`)).status).toBe(200);
  second.process.kill('SIGHUP');
  expect(await second.exit).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});
