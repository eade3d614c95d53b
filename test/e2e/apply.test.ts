// `posthorn apply` and `posthorn event-types export` against a real server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { type Cli, openCli } from '../support/cli.ts';
import { testApiKey } from '../support/posthorn.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';

let folder: string;
let cli: Cli;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-apply-'));
});
afterAll(() => {
  cli?.remove();
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const first = `# the catalogue
posthorn: 1
eventTypes:
  applied.created:
    group: Applied
    schema:
      type: object
      properties:
        total: { type: integer }
`;
const breaking = first.replace('integer', 'string');

withPosthorn('shows the plan, applies it, and then has nothing to change', async ({ posthorn }) => {
  cli = openCli({ POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey });
  const path = file('catalogue.yaml', first);
  const plan = '+ applied.created\n    add version 1\n1 to create.\n';
  expect(await cli.run(['apply', path, '--check', '--expect-no-changes'])).toMatchObject({ code: 1, stdout: plan });
  expect((await posthorn.get('/v1/event-types/applied.created')).status).toBe(404);
  expect(await cli.run(['apply', path])).toMatchObject({ code: 0, stdout: `${plan}Applied.\n` });
  expect(await cli.run(['apply', '-'], first)).toMatchObject({ code: 0, stdout: '1 unchanged.\n' });

  const refused = await cli.run(['apply', file('breaking.yaml', breaking)]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('a breaking change of a schema needs a new version number') });
  expect(refused.stdout).toContain('    refuse version 1, breaking: breaks version 1');
  expect(refused.stdout).toContain('data/total was integer and is string (breaks producers)');
  const next = file('next.yaml', breaking.replace('    schema:', '    version: 2\n    schema:'));
  expect((await cli.run(['apply', next])).stdout).toContain('~ applied.created (');
  expect((await posthorn.get('/v1/event-types/applied.created')).body.versions).toEqual([1, 2]);

  const exported = await cli.run(['event-types', 'export']);
  expect(parse(exported.stdout).eventTypes['applied.created']).toMatchObject({ group: 'Applied', versions: { 1: {}, 2: {} } });
  expect(await cli.run(['apply', '-', '--check', '--expect-no-changes'], exported.stdout)).toMatchObject({ code: 0 });
});

withPosthorn('names the line and column of a fault', async ({ posthorn }) => {
  cli ??= openCli({ POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey });
  const mistake = await cli.run(['apply', file('twice.yaml', 'eventTypes:\n  a: {}\n  a: {}\n')]);
  expect(mistake).toMatchObject({ code: 2, stderr: expect.stringContaining('twice.yaml:3:3: Map keys must be unique') });
  const text = `${first.replace('integer', 'strin').replace('group', 'grupp')}`;
  const refused = await cli.run(['apply', '--check', file('faults.yaml', text)]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('faults.yaml:5:5: eventTypes/applied.created/grupp unknown field'),
  });
  const schema = await cli.run(['apply', '--check', file('schema.yaml', first.replace('integer', 'strin'))]);
  expect(schema.stderr).toContain('schema.yaml:9:18: eventTypes/applied.created/schema/properties/total/type must be one of');
});

const withConverter = `eventTypes:
  applied.converted:
    versions:
      1: { schema: { type: object, required: [name] } }
      2:
        schema: { type: object, required: [customer], properties: { customer: { type: object, required: [name] } } }
        examples: [{ customer: { name: Zoe } }]
        converters:
          - to: 1
            steps: [{ move: customer.name, to: name }, { drop: customer }]
`;

withPosthorn('declares the converters between versions, keeps what pins need, and exports them', async ({ posthorn }) => {
  cli ??= openCli({ POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey });
  const lossy = file('lossy.yaml', withConverter.replace('{ move: customer.name, to: name }, ', ''));
  expect(await cli.run(['apply', '--check', lossy])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('lossy.yaml:10:13: eventTypes/applied.converted/versions/2/converters/0/steps do not give name'),
  });
  const path = file('converted.yaml', withConverter);
  const applied = await cli.run(['apply', path]);
  expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('    add converter from version 2 to 1\n') });
  const converters = () => posthorn.get('/v1/event-types/applied.converted/converters');
  expect((await converters()).body.data).toMatchObject([{ from: 2, to: 1, steps: [{ move: 'customer.name' }, { drop: 'customer' }] }]);
  const { stdout: exported } = await cli.run(['event-types', 'export']);
  expect(parse(exported).eventTypes['applied.converted'].versions[2].converters).toMatchObject([{ to: 1 }]);
  expect(await cli.run(['apply', '-', '--check', '--expect-no-changes'], exported)).toMatchObject({ code: 0 });

  const tenant = (await posthorn.post('/v1/tenants', { name: 'Applied' })).body.id;
  const url = `${posthorn.origin}/sandbox/applied`;
  const pinned = await posthorn.post(`/v1/tenants/${tenant}/endpoints`, { url, versions: { 'applied.converted': 1 } });
  expect(pinned.status).toBe(201);
  const without = file('without.yaml', `${withConverter.split('        converters:')[0]}        converters: []\n`);
  const refused = await cli.run(['apply', '--check', without]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('no converter would lead from version 2') });
  expect((await converters()).body.data).toHaveLength(1);
  // a file that says nothing about converters leaves them
  const silent = file('silent.yaml', withConverter.split('        converters:')[0] ?? '');
  expect(await cli.run(['apply', silent])).toMatchObject({ code: 0, stdout: '1 unchanged.\n' });
});
