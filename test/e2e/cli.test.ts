// The `posthorn` command against a real server: each group of commands once, as people and as programs use it.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Cli, openCli, posthornProgram } from '../support/cli.ts';
import { testApiKey } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const exec = promisify(execFile);
let receiver: Receiver;
const clis: Cli[] = [];
const open = (origin: string, env: Record<string, string> = {}) => {
  const cli = openCli({ POSTHORN_URL: origin, POSTHORN_API_KEY: testApiKey, ...env });
  clis.push(cli);
  return cli;
};
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(async () => {
  for (const cli of clis) cli.remove();
  await receiver.close();
});

type Row = Record<string, string>;

withPosthorn.concurrent('logs in, and then needs no variable', async ({ posthorn }) => {
  const cli = openCli();
  clis.push(cli);
  const { body: made } = await posthorn.post('/v1/api-keys', { name: 'only events', scopes: ['events:write'] });
  const tenant = await posthorn.makeTenant();
  const wrong = await cli.run(['login', '--url', posthorn.origin, '--key', 'no-such-key-0123456789']);
  expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('The API key is missing or not valid') });
  const login = await cli.run(['login', '--url', posthorn.origin, '--key', '-', '--tenant', tenant, '--name', 'test'], `${made.key}\n`);
  expect(login).toMatchObject({ code: 0, stdout: expect.stringContaining(`Logged in to ${posthorn.origin}.`) });
  expect(statSync(join(cli.folder, 'posthorn/profiles.json')).mode & 0o777).toBe(0o600);

  const sent = await cli.run(
    ['send', 'order.created', '--data', '-', '--id', 'from-the-cli'],
    '{"amount": 12345678901234567890, "price": 1.10}',
  );
  expect(sent).toMatchObject({ code: 0, stdout: 'from-the-cli\n', stderr: expect.stringContaining('Accepted.') });
  const { rows } = await posthorn.database.db.query(
    `select count(*)::int as n from event_ids e join tenants t on t.id = e.tenant_id where t.external_id = $1`,
    [tenant],
  );
  expect(rows).toEqual([{ n: 1 }]);
  // the key may do nothing else
  expect(await cli.run(['tenants', 'list'])).toMatchObject({ code: 4, stderr: expect.stringContaining('(403)') });
});

withPosthorn.concurrent('manages tenants and endpoints, and names invalid fields', async ({ posthorn }) => {
  const cli = open(posthorn.origin);
  const tenant = `cli-${Date.now()}`;
  expect(await cli.json('tenants', 'create', tenant, '--metadata', 'plan=pro')).toMatchObject({ id: tenant, metadata: { plan: 'pro' } });
  expect(await cli.json('tenants', 'update', tenant, '--name', 'Acme', '--max-endpoints', '7')).toMatchObject({
    name: 'Acme',
    maxEndpoints: 7,
  });
  const endpoint = (await cli.json('endpoints', 'create', '-t', tenant, '--url', `${receiver.url}/cli`, '--event-types', 'order.*')) as Row;
  expect(endpoint).toMatchObject({ secret: expect.stringMatching(/^whsec_/), eventTypes: ['order.*'] });
  const id = endpoint.id ?? '';
  const refused = await cli.run(['endpoints', 'create', '-t', tenant, '--url', 'nonsense', '--data', '{"timeoutMs": 1}']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^error: .+ \(422\)\n( {2}\w+: .+\n)+$/);
  expect(refused.stderr).toContain('  timeoutMs: ');

  const table = await cli.run(['endpoints', 'list', '-t', tenant]);
  expect(table.stdout).toMatch(new RegExp(`^ID +GATE +URL +EVENT TYPES\n${id} +open +${receiver.url}/cli +order\\.\\*\n$`));
  expect(await cli.json('endpoints', 'pause', id)).toMatchObject({ gate: 'held' });
  expect(await cli.json('endpoints', 'resume', id)).toMatchObject({ gate: 'open' });
  const { etag = '' } = endpoint;
  const update = ['endpoints', 'update', id, '--description', 'changed', '--if-match', etag];
  expect(await cli.json(...update)).toMatchObject({ description: 'changed' });
  expect(await cli.run(update)).toMatchObject({ code: 1, stderr: expect.stringContaining('(412)') });
  receiver.answer('/cli', [204, 500]);
  expect((await cli.run(['endpoints', 'test', id])).stdout).toMatch(/^outcome +accepted\n/);
  expect(await cli.run(['endpoints', 'delete', id])).toMatchObject({ code: 0, stderr: `${id} is deleted.\n` });
  expect(await cli.run(['endpoints', 'show', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('(404)') });
  expect(await cli.run(['tenants', 'delete', tenant])).toMatchObject({ code: 0 });
});

withPosthorn.concurrent('keeps the catalogue, and triggers an example of it', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const cli = open(posthorn.origin, { POSTHORN_TENANT: tenant });
  const name = `cli${Date.now()}.made`;
  const schema = '{"type":"object","required":["n"]}';
  const made = await cli.json('event-types', 'create', name, '--schema', schema, '--examples', '[{"n":1},{"n":2}]', '--tags', 'a,b');
  expect(made).toMatchObject({ name, versions: [1], tags: ['a', 'b'] });
  const breaking = await cli.json('event-types', 'compare', name, '1', '--schema', '{"type":"object","required":["n","m"]}');
  expect(breaking).toMatchObject({ compatibility: expect.anything() });
  expect(await cli.json('event-types', 'put-version', name, '--schema', '{"type":"object"}')).toBeTruthy();
  const listed = await cli.run(['event-types', 'list', '--search', name]);
  expect(listed.stdout).toMatch(new RegExp(`^NAME +STATE .*\n${name} +active +1, 2 +reject`));
  expect((await cli.run(['event-types', 'show', name, '1'])).stdout).toContain('example\n{\n  "n": 2\n}\n');
  const { id } = (await cli.json('trigger', name, '--event-version', '1', '--example', '2')) as { id: string };
  expect(await cli.json('events', 'show', id)).toMatchObject({ type: name, version: 1, data: { n: 2 } });
  expect(await cli.run(['trigger', name])).toMatchObject({ code: 1, stderr: expect.stringContaining('has no example in the catalogue') });
  expect(await cli.run(['trigger', 'no.such'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The catalogue has no event type no.such.'),
  });
  expect(await cli.json('api', 'delete', `/v1/event-types/${name}`)).toEqual([]);
});

withPosthorn.concurrent('follows an event, replays it, and watches a replay job', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const cli = open(posthorn.origin, { POSTHORN_TENANT: tenant });
  receiver.answer('/follow', [500, 204]);
  const retry = { initial: '1s', factor: 1, max: '1s', attempts: 1 };
  const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/follow`, { retry });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/other`, { eventTypes: ['other'] });
  const { id } = (await cli.json('send', 'order.created', '-d', '{"n":12345678901234567890}')) as { id: string };
  const delivery = await until('the dead letter', async () => {
    const [row] = (await cli.json('deliveries', 'list', '--status', 'dead_lettered', '--since', '1h', '--tenant', tenant)) as Row[];
    return row?.id;
  });
  const shown = await cli.run(['events', 'show', id]);
  expect(shown.stdout).toContain('12345678901234567890');
  expect(shown.stdout).toMatch(new RegExp(`^${delivery} +${endpoint.id} +dead_lettered +1 +HTTP 500 from`, 'm'));
  const reasons = (await cli.json('events', 'explain', id)) as Row[];
  expect(reasons.map(({ code }) => code).toSorted()).toEqual(['dead_lettered', 'type_not_subscribed']);
  expect(await cli.json('deliveries', 'explain', delivery)).toMatchObject({ code: 'dead_lettered', endpoint: endpoint.id });
  expect(await cli.run(['deliveries', 'retry-now', delivery])).toMatchObject({ code: 1, stderr: expect.stringContaining('(409)') });
  expect(await cli.json('deliveries', 'replay', delivery, '--reason', 'a test')).toMatchObject({ id: delivery, round: 2 });
  await until('the second attempt', async () => ((await cli.json('deliveries', 'show', delivery)) as Row).status === 'succeeded');
  const attempts = await cli.run(['deliveries', 'attempts', delivery]);
  expect(attempts.stdout).toMatch(/^ATTEMPT +OUTCOME +HTTP +TOOK +AT +MESSAGE\n1 \(round 2\) +accepted +204 .*\n1 +http_status +500 /);

  const job = ['replays', 'create', '--status', 'succeeded', '--since', '1h', '--endpoint', endpoint.id];
  expect(await cli.json(...job, '--dry-run')).toMatchObject({ matched: 1 });
  expect(await cli.json(...job, '--watch')).toMatchObject({ status: 'done', matched: 1, succeeded: 1 });
  expect((await cli.run(['replays', 'list', '--tenant', tenant])).stdout).toMatch(/^ID +STATUS .*\nrpl_\w+ +done +1\/1/);
  expect(await cli.json('alerts', 'list', '--tenant', tenant, '--state', 'open')).toEqual(expect.any(Array));
  // a reader that has seen enough
  const cut = await exec('sh', ['-c', `'${process.execPath}' '${posthornProgram}' events list --all | head -n 1; echo done`], {
    env: { ...process.env, POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey, POSTHORN_TENANT: tenant, HOME: cli.folder },
  });
  expect(cut).toMatchObject({ stdout: expect.stringMatching(/^ID .*\ndone\n$/), stderr: '' });
  const status = await cli.run(['status']);
  expect(status.stdout).toMatch(/^API +http.*\nworkers +\d+\n/);
  expect(status.stdout).not.toContain('\u001b');
});
