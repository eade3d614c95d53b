// `npm run fuzz`: fuzzes the API by its OpenAPI document with schemathesis, against a temporary
// Posthorn on loopback. Half of the time with ids that exist, so that handlers are reached, and
// without DELETE; half with generated ids and all methods.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runWatched } from './run-watched.mjs';

const version = '4.32.5';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, only: { type: 'string' } } });
const seconds = Math.max(20, Math.round(Number(values.minutes) * 60));
const apiKey = `fuzz-${randomBytes(24).toString('base64url')}`;

// Left out: use_after_free and similar checks need resources that last, but the fuzzer deletes everything.
// positive_data_acceptance: the document cannot express that an endpoint's URL must be public, or that a tenant's id is
// in use.
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'ignored_auth',
];

async function schemathesis() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'posthorn/python', `schemathesis-${version}`);
  const command = join(folder, 'bin/schemathesis');
  if (existsSync(command)) return command;
  process.stdout.write('installing schemathesis (only the first time) …\n');
  for (const [program, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin/pip'), ['install', '--quiet', `schemathesis==${version}`]],
  ]) {
    const code = await runWatched(program, args);
    if (code !== 0) {
      await rm(folder, { recursive: true, force: true });
      throw new Error(`${program} ${args.join(' ')} failed with exit code ${code}`);
    }
  }
  return command;
}

/** Resolves to its process and origin once it is ready. */
async function startPosthorn(folder) {
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'src/cli/main.ts'), 'start'], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: '0',
      TEMPORAL_UI_PORT: '0',
      LOG_LEVEL: 'error',
      POSTHORN_API_KEY: apiKey,
      // a proxy that does not exist, so that no request to a generated URL leaves this machine
      POSTHORN_EGRESS_PROXY: 'http://127.0.0.1:9',
      POSTHORN_DATA_DIR: join(folder, 'data'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  for (let left = 600; ; left--) {
    const [origin] = /http:\/\/127\.0\.0\.1:\d+(?=\/v1\/tenants)/.exec(said) ?? [];
    if (origin) return { child, exit, origin };
    if (left === 0 || child.exitCode !== null) throw new Error(`Posthorn did not start:\n${said}`);
    await delay(500);
  }
}

/** Creates resources and returns their ids by the parameter names of the OpenAPI document. */
async function makeIds(origin) {
  const call = async (method, path, body) => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const response = await fetch(origin + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const tenant = `fuzz-${randomBytes(4).toString('hex')}`;
  await call('POST', '/v1/tenants', { id: tenant, name: 'Fuzz' });
  const { id: endpoint } = await call('POST', `/v1/tenants/${tenant}/endpoints`, { url: `${origin}/sandbox/fuzz`, ordering: 'key' });
  const { id: event } = await call('POST', `/v1/tenants/${tenant}/events`, { type: 'fuzz.made', data: {}, orderingKey: 'a' });
  for (let left = 100; ; left--) {
    const { deliveries } = await call('GET', `/v1/tenants/${tenant}/events/${event}`);
    if (deliveries[0]) return { tenant, endpoint, event, delivery: deliveries[0].id };
    if (left === 0) throw new Error('the event was not planned');
    await delay(100);
  }
}

async function fuzz(command, origin, folder, ids, forSeconds, more) {
  const config = join(folder, 'schemathesis.toml');
  const lines = Object.entries(ids).map(([name, id]) => `"path.${name}" = ${JSON.stringify(id)}`);
  // 413 also counts as a refusal
  const refusals = '[checks.negative_data_rejection]\nexpected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429]\n';
  await writeFile(config, `${refusals}[parameters]\n${lines.join('\n')}\n`);
  const only = values.only ? ['--include-operation-id-regex', values.only] : [];
  return runWatched(command, [
    ...['--config-file', config, '--no-color', 'run', `${origin}/openapi.json`],
    ...['--header', `Authorization: Bearer ${apiKey}`, '--checks', checks.join(',')],
    ...['--max-time', String(Math.round(forSeconds)), '--continue-on-failure', '--request-timeout', '30', '--warnings', 'off'],
    ...['--suppress-health-check', 'all', '--output-truncate', 'true', ...only, ...more],
  ]);
}

async function run() {
  const command = await schemathesis();
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-fuzz-'));
  let posthorn;
  try {
    posthorn = await startPosthorn(folder);
    const { origin } = posthorn;
    const withIds = await fuzz(command, origin, folder, await makeIds(origin), seconds / 2, ['--exclude-method', 'DELETE']);
    const withRubbish = await fuzz(command, origin, folder, {}, seconds / 2, []);
    return withIds || withRubbish;
  } finally {
    posthorn?.child.kill('SIGTERM');
    await posthorn?.exit;
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await run();
