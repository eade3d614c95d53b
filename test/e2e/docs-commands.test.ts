// The commands of the documentation work: each page's blocks run, in their order, in one shell against a real Posthorn. Blocks
// that cannot run here stand in a list with the reason.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxTableSql } from '../../packages/receiver/src/inbox/postgres.ts';
import { codeBlocksOf, pages } from '../docs/markdown.ts';
import { ownPort } from '../support/own-port.ts';
import { type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** Blocks that are not run: their page, how they begin, and why. */
const notRun: [page: string, begins: string, reason: string][] = [
  ['README.md', 'npm start', 'test/e2e/start.test.ts starts it'],
  ['docs/tutorial.md', 'POSTHORN_ALLOW_CIDRS', 'test/e2e/start.test.ts starts it'],
  ['docs/tutorial.md', 'mkdir -p ../receiver', 'installs from the registry; the test links the same package'],
  ['docs/guides/test-locally.md', 'POSTHORN_ALLOW_CIDRS', 'test/e2e/start.test.ts starts it'],
  ['docs/clients.md', 'npm install', 'installs from the registry; packages/client/test uses the package'],
  ['docs/clients.md', 'pip install', 'installs from PyPI'],
  ['docs/clients.md', 'go install', 'installs Go modules'],
  ['docs/cli.md', 'eval', 'changes the shell of a person; test/cli completes'],
  ['docs/cli.md', 'posthorn deliveries', 'needs jq; test/cli runs the command'],
  ['docs/ingest.md', 'export POSTHORN_URL', 'needs Kafka and RabbitMQ; test/ingest runs it'],
  ['docs/production.md', 'kubectl', 'needs a cluster; test/deploy checks the chart'],
  ['docs/replays.md', 'temporal workflow', 'needs an open replay; test/e2e/replays.test.ts sends the Update'],
  ['docs/temporal-ui.md', 'temporal workflow', 'needs a dead letter; test/e2e/updates.test.ts and bulk-signal.test.ts send them'],
  ['docs/temporal.md', 'temporal workflow', 'needs dead letters; test/e2e/bulk-signal.test.ts sends it'],
  ['docs/temporal.md', '# your own cluster', 'needs rights over a namespace, and Temporal Cloud'],
  ['docs/upgrades.md', 'temporal worker', 'needs a Worker Deployment; test/chaos/worker-versions.test.ts sets one'],
  ['docs/backup.md', 'pg_dumpall', "needs PostgreSQL's programs; test/chaos/restore.test.ts restores a backup"],
  ['docs/backup.md', 'psql --file', "needs PostgreSQL's programs; test/chaos/restore.test.ts restores a backup"],
  ['docs/stream.md', 'curl -N', 'does not end; test/api/routes tests the stream'],
  ['docs/runbooks/restore.md', 'posthorn doctor', "needs PostgreSQL's programs and a backup"],
  ['docs/runbooks/restore.md', 'psql --file', "needs PostgreSQL's programs; test/chaos/restore.test.ts restores a backup"],
  ['docs/runbooks/postgresql-full.md', 'df -h', 'looks at the disk of a database server'],
  ['docs/contributing/debugging.md', '', 'waits for a debugger'],
];

const reasonFor = (page: string, text: string) => notRun.find(([at, begins]) => at === page && text.startsWith(begins))?.[2];
const shellBlocks = pages.flatMap(codeBlocksOf).filter(({ language }) => language === 'sh');
const unlisted = shellBlocks.filter(({ file, text }) => reasonFor(file, text) === undefined);
/** What may run on the machine of a tester. A block with anything else must be in the list above. */
const harmless = /^(api|curl|export|kill|node \.\.\/receiver\/receiver\.mjs|posthorn|psql|sleep|temporal|#|$)/;
const startsOf = (text: string) =>
  text
    .replaceAll(/'[^']*'/g, '')
    .replaceAll(/^[A-Z_]+=\S+ (?=posthorn)/gm, '')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .map((line) => line.trim());

const runnable = unlisted.filter(({ text }) => startsOf(text).every((start) => harmless.test(start)));
const tutorial = 'docs/tutorial.md';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-docs-'));
  mkdirSync(join(folder, 'work/.posthorn'), { recursive: true });
  writeFileSync(join(folder, 'work/.posthorn/api-key'), testApiKey);
  mkdirSync(join(folder, 'receiver'));
  symlinkSync(resolve('node_modules'), join(folder, 'receiver/node_modules'));
  mkdirSync(join(folder, 'bin'));
  // test/docs/production.test.ts compares the subcommands with the command line
  program('posthorn', 'exit 0');
  program('temporal', 'exit 0');
  program(
    'psql',
    `exec node --input-type=module -e 'import pg from "${import.meta.resolve('pg')}"; const c = new pg.Client(process.argv[1]); await c.connect(); await c.query(process.argv[3]); await c.end()' "$@"`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

interface Place {
  tenant: string;
  endpoint: string;
  delivery: string;
  sandbox: string;
  port: number;
}

/** A tenant with what the examples speak of: an endpoint, and an event that was delivered to it. */
async function makePlace(posthorn: TestPosthorn): Promise<Place> {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/${tenant}`);
  await posthorn.postEvent(tenant, { id: 'order-1001-created', type: 'order.created' });
  const delivery = await until(
    'the delivery',
    async () =>
      (await posthorn.deliveriesOf(tenant, 'order-1001-created'))[0]?.status === 'succeeded' &&
      (await posthorn.deliveriesOf(tenant, 'order-1001-created'))[0],
  );
  const sandbox = (await posthorn.post(`/v1/tenants/${tenant}/sandbox-endpoints`, { name: 'Example' })).body.id;
  await posthorn.post('/v1/event-types', { name: `known.${tenant}`, examples: [{ orderId: '1001' }] });
  return { tenant, endpoint: id, delivery: delivery.id, sandbox, port: await ownPort() };
}

/** The text with real addresses and ids in place of those of the examples. */
function filledIn(text: string, { tenant, endpoint, delivery, sandbox, port }: Place, origin: string): string {
  return (
    text
      .replaceAll('http://127.0.0.1:8080', origin)
      .replaceAll(/(?<![/\w])localhost:8080/g, origin)
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
      .replaceAll('listen(3000)', `listen(${port})`)
      .replaceAll(/\/tenants\/(demo|acme)\b/g, `/tenants/${tenant}`)
      .replaceAll(/tenant=(demo|acme)\b/g, `tenant=${tenant}`)
      .replaceAll(/"tenant":"(demo|acme)"/g, `"tenant":"${tenant}"`)
      .replaceAll(/\/sandbox\/\w+/g, `/sandbox/${tenant}`)
      // the catalogue is common to all tenants, also to those of other tests
      .replaceAll(/"name": ?"order\.created"/g, `"name":"docs.${tenant}"`)
      .replaceAll('/event-types/order.created/', `/event-types/known.${tenant}/`)
      .replaceAll('"versions": { "order.created"', `"versions": { "known.${tenant}"`)
      .replaceAll('ep_…', endpoint)
      .replaceAll('dlv_…', delivery)
      .replaceAll('sbx_…', sandbox)
      .replaceAll('https://hooks.your-customer.com/orders', `${origin}/sandbox/${tenant}`)
  );
}

/** `before`: shell text that comes first. Throws if a command fails; every HTTP status from 400 on is a failure. */
async function runShell(posthorn: TestPosthorn, place: Place, text: string, before = ''): Promise<string> {
  const script = [
    'set -euo pipefail', // a command that shows the status expects it
    'curl() { case "$*" in *http_code*) command curl "$@" ;; *) command curl --silent --show-error --fail-with-body "$@" ;; esac; }',
    before,
    text,
  ].join('\n');
  const { stdout } = await run('bash', ['-c', filledIn(script, place, posthorn.origin)], {
    cwd: join(folder, 'work'),
    timeout: 120_000,
    env: {
      ...process.env,
      PATH: [join(folder, 'bin'), resolve('node_modules/.bin'), process.env.PATH].join(delimiter),
      POSTHORN_URL: posthorn.origin,
      POSTHORN_API_KEY: testApiKey,
      TENANT: place.tenant,
      ENDPOINT: place.endpoint,
      DELIVERY: place.delivery,
      SINCE: '2026-01-01T00:00:00Z',
      DATABASE_URL: posthorn.database.url,
      TEMPORAL_ADDRESS: posthorn.env.TEMPORAL_ADDRESS,
      TEMPORAL_NAMESPACE: posthorn.namespace,
    },
  });
  return stdout;
}

const others = [...Map.groupBy(runnable, ({ file }) => file)].filter(([file]) => file !== tutorial);

describe('the commands of', () => {
  for (const [file, blocks] of others)
    withPosthorn(`${file}`, async ({ posthorn }) => {
      const place = await makePlace(posthorn);
      await runShell(posthorn, place, blocks.map(({ text }) => text).join('\n'));
    });

  withPosthorn('the tutorial, with the receiver that it shows', async ({ posthorn }) => {
    const place = await makePlace(posthorn);
    const [code] = codeBlocksOf(tutorial).filter(({ language }) => language === 'js');
    writeFileSync(join(folder, 'receiver/receiver.mjs'), filledIn(code?.text ?? '', place, posthorn.origin));
    const text = runnable
      .filter(({ file }) => file === tutorial)
      .map((block) => block.text)
      .join('\n')
      // enough of them for a machine that takes long to start the receiver again
      .replace('"2s","5s","1m"', Array(45).fill('"200ms"').join())
      .replaceAll(
        'node ../receiver/receiver.mjs & RECEIVER=$!',
        'node ../receiver/receiver.mjs >> ../receiver.log & RECEIVER=$!; listening',
      )
      // a slow machine has not delivered yet, and has not ended it yet
      .replaceAll(/^kill \$RECEIVER$/gm, 'is succeeded; kill $RECEIVER; wait $RECEIVER || true')
      .replace(/^sleep 1$/m, 'is retrying')
      .replace(/^sleep 3$/m, 'is succeeded');
    const output = await runShell(posthorn, place, `${text}\ncat ../receiver.log`, waiting);
    expect(output).toContain('"duplicate":false');
    expect(output).toContain('received: order-2 order.created');
    expect(output).toMatch(/401$/m);
    expect(output).toContain('rejected: ');
    expect(output).toContain('"code":"retrying"');
    expect(output).toContain('received: order-4 order.created');
  });
});

/** Polls in place of the pauses of the tutorial, which a slow machine would exceed; and waits for the receiver, which a person does. */
const waiting = `
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
poll() { for _ in $(seq 1200); do if "$@"; then return 0; fi; command sleep 0.05; done; return 1; }
answers() { [ "$(command curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:3000/ -d x)" = 401 ]; }
listening() { poll answers; }
newest() { command curl --silent -H "authorization: Bearer $POSTHORN_API_KEY" "$POSTHORN_URL/v1/deliveries?endpoint=$ENDPOINT&limit=1" | grep --quiet "\\"status\\":\\"$1\\""; }
is() { poll newest "$1"; }
`;

const isConcurrent = ({ text }: { text: string }) => text.includes(' concurrently ');

withPosthorn('the SQL', async ({ posthorn }) => {
  const { default: pg } = await import('pg');
  const blocks = pages.flatMap(codeBlocksOf).filter(({ language }) => language === 'sql');
  expect(blocks.length).toBeGreaterThan(2);
  const client = new pg.Client(posthorn.database.url);
  await client.connect();
  const [apart, together] = [blocks.filter(isConcurrent), blocks.filter((block) => !isConcurrent(block))];
  await client.query('begin');
  for (const { text } of together) await client.query(text);
  await client.query('rollback');
  // those of the receiver's inbox, which has a table of its own
  expect(apart.length).toBeGreaterThan(0);
  await client.query(inboxTableSql());
  for (const statement of apart.flatMap(({ text }) => text.split(/;$/m))) await client.query(statement);
  await client.query('drop table posthorn_inbox, posthorn_inbox_turns');
  await client.end();
});

it('only harmless commands are run', () => {
  const others = unlisted.flatMap(({ file, line, text }) =>
    startsOf(text)
      .filter((start) => !harmless.test(start))
      .map((start) => `${file}:${line} ${start}`),
  );
  expect(others).toEqual([]);
});

it('most are run, and each exception stands for a block', () => {
  expect(runnable.length).toBeGreaterThan(20);
  const unused = notRun.filter(([page, begins]) => !shellBlocks.some(({ file, text }) => file === page && text.startsWith(begins)));
  expect(unused).toEqual([]);
});
