// `posthorn types`: the types of the catalogue compile, and the client checks events by them.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { catalogueTypes, type TypedVersion } from '#cli/types/catalogue-types';
import { type Cli, openCli } from '../support/cli.ts';
import { type InstalledClient, installClient, tsc } from '../support/client-package.ts';
import { testApiKey } from '../support/posthorn.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';

const run = promisify(execFile);
const clis: Cli[] = [];
let client: InstalledClient;
beforeAll(async () => {
  client = await installClient();
});
afterAll(() => {
  client?.remove();
  for (const cli of clis) cli.remove();
});

const address = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const order = (total: object) => ({
  title: 'An order',
  type: 'object',
  properties: {
    total,
    status: { enum: ['new', 'paid'] },
    to: { $ref: '#/$defs/Address' },
    at: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false, minItems: 2 },
  },
  required: ['total'],
  $defs: { Address: address },
});

/** What the compiler says about a program with these types. */
async function compile(types: string, program: string): Promise<string> {
  client.write('events.d.ts', types);
  client.write('use.ts', program);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2023', 'dom', 'dom.asynciterable'],
    types: [],
  };
  const config = client.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  return (await run(process.execPath, [tsc, '-p', config]).catch((error) => error)).stdout;
}

const program = `import { Posthorn, rawJson } from '@posthorn/client';
import type { EventData, ReceivedEvent, TypesOrderPlacedV1 } from './events';
const posthorn = new Posthorn<EventData>({ url: 'https://hooks.example.com', apiKey: 'k' });
posthorn.events.send('acme', { type: 'types.order_placed', data: { total: 19, status: 'paid', to: { city: 'Bern' }, at: [46.9, 7.4] } });
posthorn.events.send('acme', { type: 'types.order_placed', data: rawJson('{"total":12345678901234567890}') });
posthorn.events.send('acme', { type: 'types.ping', data: 'anything' });
posthorn.events.batcher('acme').add({ type: 'types.order_placed', data: { total: 1 } });
// @ts-expect-error: a text
posthorn.events.send('acme', { type: 'types.order_placed', data: { total: '19' } });
// @ts-expect-error: misspelt
posthorn.events.send('acme', { type: 'types.order_placed', data: { total: 1, statsu: 'paid' } });
// @ts-expect-error: no such type
posthorn.events.send('acme', { type: 'types.order_eaten', data: {} });
export const old: TypesOrderPlacedV1.Data = { total: '19.00' };
export const cityOf = (event: ReceivedEvent) => (event.type === 'types.order_placed' ? event.data.to?.city : undefined);
`;

withPosthorn('writes types that the client checks events by, and says when they are old', async ({ posthorn }) => {
  const cli = openCli({ POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey });
  clis.push(cli);
  const create = (body: object) => posthorn.post('/v1/event-types', body);
  expect(await create({ name: 'types.order_placed', description: 'A customer ordered.', schema: order({ type: 'string' }) })).toMatchObject(
    { status: 201 },
  );
  expect(await create({ name: 'types.ping' })).toMatchObject({ status: 201 });
  const second = { version: 2, schema: order({ type: 'integer' }) };
  expect(await posthorn.post('/v1/event-types/types.order_placed/versions', second)).toMatchObject({ status: 201 });

  const file = join(client.folder, 'events.d.ts');
  expect(await cli.run(['types', '--output', file])).toMatchObject({ code: 0, stderr: expect.stringContaining(`wrote ${file}`) });
  const written = readFileSync(file, 'utf8');
  expect(written).toContain('/** A customer ordered. */');
  expect(await compile(written, program)).toBe('');
  expect((await cli.run(['types'])).stdout).toBe(written);
  expect(await cli.run(['types', '--output', file, '--check'])).toMatchObject({ code: 0 });
  writeFileSync(file, written.replace('A customer ordered.', 'changed'));
  expect(await cli.run(['types', '--output', file, '--check'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not up to date with the catalogue'),
  });
  for (const name of ['types.order_placed', 'types.ping']) await posthorn.call('DELETE', `/v1/event-types/${name}`);
});

const typed = (type: string, schema: unknown): TypedVersion => ({ type, description: '', version: 1, schema, isCurrent: true });

it('gives each type its own name, whatever the names of types and of parts of schemas', async () => {
  const types = ['a.b', 'a-b', 'A_b', '1st', '--', 'event_data'].map((type) => typed(type, order({ type: 'number' })));
  const text = await catalogueTypes(types, 'http://x');
  expect(
    await compile(
      text,
      "import type { EventData } from './events';\nexport const used: EventData['1st'] = { total: 1, to: { city: 'x' } };\n",
    ),
  ).toBe('');
});

it('a type without a schema, or with one that allows anything, has any data; a schema that cannot be written harms no other type', async () => {
  const text = await catalogueTypes([typed('a', null), typed('b', true), typed('c', { description: 'x' })], 'http://x');
  expect(text.match(/type Data = unknown/g)).toHaveLength(3);
  const elsewhere = { type: 'object', properties: { x: { $ref: 'http://127.0.0.1:9/x.json' } } };
  const warnings: string[] = [];
  const both = await catalogueTypes([typed('a.b', elsewhere), typed('a.c', address)], 'http://x', (message) => warnings.push(message));
  expect(warnings).toEqual([expect.stringContaining('The schema of a.b, version 1, cannot be written in TypeScript')]);
  expect(both.match(/type Data = unknown/g)).toHaveLength(1);
  expect(both).toContain('city: string');
});

const recursive = { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#/$defs/Tree' } } } };
/** What a compiler must accept as the data of a type, and what it must not. */
const shapes: { schema: object; fits: string; not: string }[] = [
  { schema: { $ref: '#/$defs/Tree', $defs: { Tree: recursive } }, fits: '{ kids: [{ kids: [] }] }', not: '{ kids: 1 }' },
  {
    schema: { properties: { at: { $ref: '#m' } }, $defs: { M: { ...address, $anchor: 'm' } } },
    fits: "{ at: { city: 'x' } }",
    not: '{ at: 1 }',
  },
  {
    schema: { $id: 'https://example.com/node', type: 'object', properties: { next: { $ref: 'https://example.com/node' } } },
    fits: '{ next: { next: {} } }',
    not: '{ next: 1 }',
  },
  { schema: { properties: { to: { ...address, type: ['object', 'null'] } } }, fits: '{ to: null }', not: '{ to: {} }' },
  {
    schema: { properties: { name: { type: 'string' } }, additionalProperties: { type: 'integer' } },
    fits: "{ name: 'x', other: 1 }",
    not: '{ name: 1 }',
  },
  {
    schema: { properties: { n: { type: 'number' } }, patternProperties: { '^x-': { type: 'string' } } },
    fits: "{ n: 1, 'x-a': 'b' }",
    not: "{ n: 'x' }",
  },
  {
    schema: { properties: { prefixItems: { type: 'string' }, items: { type: 'number' } } },
    fits: "{ prefixItems: 'x', items: 1 }",
    not: '{ items: [] }',
  },
];

it('reads references of all kinds, schemas that contain themselves, nullable objects, and fields by pattern', async () => {
  const warnings: string[] = [];
  const text = await catalogueTypes(
    shapes.map(({ schema }, n) => typed(`t${n}`, schema)),
    'http://x',
    (message) => warnings.push(message),
  );
  expect(warnings).toEqual([]);
  const uses = shapes.map(
    ({ fits, not }, n) =>
      `export const a${n}: EventData['t${n}'] = ${fits};\n// @ts-expect-error\nexport const b${n}: EventData['t${n}'] = ${not};\n`,
  );
  expect(await compile(text, `import type { EventData } from './events';\n${uses.join('')}`)).toBe('');
});
