// /v1/event-types: types, versions, who may see and change them, and bad input.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let bound: Api;
let link: Api;
beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
  bound = createApi(api.origin, (await api.post('/v1/api-keys', { name: 'k', scopes: ['admin'], tenant: 'acme' })).body.key);
  link = createApi(api.origin, (await api.post('/v1/portal-links', { tenant: 'acme' })).body.token);
});
afterAll(() => api.close());
beforeEach(() => api.db.query('delete from event_types'));

const types = '/v1/event-types';
const schema = {
  type: 'object',
  properties: { total: { type: 'integer', minimum: 0 }, note: { type: 'string' } },
  required: ['total'],
};
const make = async (body: object) => {
  const answer = await api.post(types, { name: 'order.created', ...body });
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  return answer.body;
};
const errorsOf = ({ status, body }: { status: number; body: { errors?: { path: string; message: string }[] } }) => [
  status,
  ...(body.errors ?? []).map(({ path, message }) => `${path}: ${message}`),
];
const stored = async () =>
  (await api.db.query('select to_jsonb(t) from event_types t union all select to_jsonb(v) from event_type_versions v')).rows;

describe('an event type', () => {
  it('has usual settings, and no version until it gets one', async () => {
    expect(await make({})).toEqual({
      name: 'order.created',
      etag: expect.any(String),
      description: '',
      group: null,
      owner: null,
      tags: [],
      visibility: 'public',
      validation: 'reject',
      deprecatedAt: null,
      sunsetAt: null,
      state: 'active',
      versions: [],
      currentVersion: null,
      schema: null,
      examples: [],
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await api.post(types, { name: 'order.created' })).status).toBe(409);
  });

  it('is created with its first version, changed, and deleted', async () => {
    const all = { description: 'd', group: 'g', owner: 'o', tags: ['t'], validation: 'warn', deprecatedAt: '2020-01-01T01:00:00+01:00' };
    const made = await make({ ...all, schema, examples: [{ total: 1 }] });
    expect(made).toMatchObject({
      ...all,
      deprecatedAt: '2020-01-01T00:00:00.000Z',
      state: 'deprecated',
      versions: [1],
      currentVersion: 1,
      schema,
    });
    const changed = await api.call('PATCH', `${types}/order.created`, { description: 'new', deprecatedAt: null, tags: [] });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'new', group: 'g', deprecatedAt: null, tags: [], state: 'active', schema },
    });
    expect((await api.get(`${types}/order.created`)).body).toEqual(changed.body);
    expect((await api.call('PATCH', `${types}/order.created`, { sunsetAt: '2020-01-01T00:00:00Z' })).body.state).toBe('sunset');
    expect((await api.call('DELETE', `${types}/order.created`)).status).toBe(204);
    for (const answer of [await api.get(`${types}/order.created`), await api.call('DELETE', `${types}/order.created`)])
      expect(answer.status).toBe(404);
    expect(await stored()).toEqual([]);
  });

  it('is found in lists by text, group, owner, tag, pattern and state, page by page', async () => {
    for (const name of ['order.created', 'order.item.added', 'user.created'])
      await make({
        name,
        group: name.split('.')[0],
        owner: 'team-a',
        tags: [name.length > 13 ? 'long' : 'short'],
        description: `About ${name}.`,
      });
    await api.call('PATCH', `${types}/user.created`, { deprecatedAt: '2020-01-01T00:00:00Z' });
    const names = async (query: string) => (await api.get(`${types}?${query}`)).body.data.map(({ name }: { name: string }) => name);
    expect(await names('')).toEqual(['user.created', 'order.item.added', 'order.created']);
    expect(await names('search=ABOUT%20order')).toEqual(['order.item.added', 'order.created']);
    expect(await names('search=%25')).toEqual([]);
    expect(await names('group=user')).toEqual(['user.created']);
    expect(await names('owner=team-a&tag=long')).toEqual(['order.item.added']);
    expect(await names('type=order.*')).toEqual(['order.item.added', 'order.created']);
    expect(await names('type=order.created')).toEqual(['order.created']);
    expect(await names('state=deprecated')).toEqual(['user.created']);
    const { body: first } = await api.get(`${types}?limit=2`);
    expect((await api.get(`${types}?limit=2&cursor=${first.nextCursor}`)).body).toMatchObject({
      data: [{ name: 'order.created' }],
      nextCursor: null,
    });
  });
});

describe('a version', () => {
  it('is added with what changed and whom it touches', async () => {
    await make({ schema });
    const { id } = await api.makeEndpoint('acme', 'http://127.0.0.1:9/hook', { eventTypes: ['order.*'] });
    await api.makeEndpoint('acme', 'http://127.0.0.1:9/other', { eventTypes: ['user.*'], filter: { 'data.note': 'x' } });
    const filter = { $or: [{ 'data.note': { $prefix: 'a' } }, { 'data.total': 1 }] };
    const { id: filtered } = await api.makeEndpoint('acme', 'http://127.0.0.1:9/filtered', { filter });
    const next = { version: 2, schema: { ...schema, required: ['total', 'note'] }, examples: [{ total: 1, note: 'x' }] };
    const compared = await api.post(`${types}/order.created/compare`, next);
    const breaks = {
      compatible: false,
      changes: [{ path: 'data/note', kind: 'new_required', message: 'is required now', breaks: ['producers'] }],
    };
    const touches = {
      endpoints: 2,
      first: [
        { endpoint: filtered, tenant: 'acme' },
        { endpoint: id, tenant: 'acme' },
      ],
      filters: [{ endpoint: filtered, tenant: 'acme', paths: ['data.note'] }],
    };
    expect(compared).toMatchObject({ status: 200, body: { action: 'add', version: 2, comparedWith: 1, compatibility: breaks, touches } });
    expect((await api.get(`${types}/order.created`)).body.versions).toEqual([1]);
    const added = await api.post(`${types}/order.created/versions`, next);
    expect(added).toMatchObject({ status: 201, body: { ...next, comparedWith: 1, compatibility: breaks, touches } });
    expect((await api.get(`${types}/order.created`)).body).toMatchObject({
      versions: [1, 2],
      currentVersion: 2,
      schema: next.schema,
      examples: next.examples,
    });
    expect((await api.get(`${types}/order.created/versions`)).body.data.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    expect((await api.get(`${types}/order.created/versions/1`)).body).toMatchObject({ version: 1, schema, examples: [] });
    const changes = async (path: string) => (await api.get(`${types}/order.created/versions/${path}`)).body;
    expect(await changes('2/changes')).toEqual({ comparedWith: 1, compatibility: breaks });
    expect(await changes('1/changes')).toEqual({ comparedWith: null, compatibility: null });
    expect(await changes('1/changes?since=2')).toMatchObject({
      comparedWith: 2,
      compatibility: { changes: [{ kind: 'no_longer_required' }] },
    });
    expect((await changes('3/changes')).status).toBe(404);
    expect(await changes('2/changes?since=9')).toMatchObject({ status: 404, errors: [{ path: 'since' }] });
  });

  it('gets the next number by default, and keeps the schema of its number unless the change is compatible', async () => {
    await make({ schema, examples: [{ total: 1 }] });
    const put = (body: object) => api.post(`${types}/order.created/versions`, body);
    const wider = { ...schema, properties: { ...schema.properties, extra: { type: 'string' } } };
    expect(await put({ version: 1, schema: wider })).toMatchObject({
      status: 200,
      body: { version: 1, schema: wider, examples: [{ total: 1 }], compatibility: { compatible: true } },
    });
    expect(await put({ version: 1, schema: wider })).toMatchObject({
      status: 200,
      body: { compatibility: { compatible: true, changes: [] } },
    });
    const before = await stored();
    const breaking = await put({ version: 1, schema: { type: 'object' } });
    expect(errorsOf(breaking)).toEqual([
      409,
      'version: breaks version 1: a breaking change needs a new version number, such as 2',
      'schema: data/total: was removed (breaks consumers)',
      'schema: data/note: was removed (breaks consumers)',
      'schema: data/extra: was removed (breaks consumers)',
      'schema: data/total: is not required any more (breaks consumers)',
    ]);
    expect(await stored()).toEqual(before);
    expect(await put({ schema: { type: 'object' } })).toMatchObject({ status: 201, body: { version: 2, comparedWith: 1 } });
    expect(await put({ version: 9, schema: null })).toMatchObject({ status: 201, body: { version: 9, schema: null, examples: [] } });
    expect(errorsOf(await put({ version: 5 }))).toEqual([409, 'version: must be higher than 9, the highest version']);
    expect((await api.post(`${types}/nothing/versions`, {})).status).toBe(404);
    expect((await api.get(`${types}/order.created/versions/3`)).status).toBe(404);
    expect((await api.get(`${types}/order.created/versions/x`)).status).toBe(404);
  });

  it('is written once when the request is repeated with its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'again' };
    const twice = async (path: string, body: object) => [await api.post(path, body, { headers }), await api.post(path, body, { headers })];
    const [first, second] = await twice(types, { name: 'once', schema });
    expect([first?.status, second?.body]).toEqual([201, first?.body]);
  });
});

describe('bad input', () => {
  it.each<[object, string]>([
    [{}, 'name: is missing'],
    [{ name: 'order created' }, 'name: must be words of A-Z a-z 0-9 _ - joined by dots, such as order.created'],
    [{ name: 'a', validation: 'strict' }, 'validation: Invalid option: expected one of "off"|"warn"|"reject"'],
    [{ name: 'a', typo: 1 }, 'typo: unknown field'],
    [{ name: 'a', version: 0 }, 'version: Too small: expected number to be >=1'],
    [
      { name: 'a', deprecatedAt: '2026-02-01T00:00:00Z', sunsetAt: '2026-01-01T00:00:00Z' },
      'sunsetAt: must not be earlier than deprecatedAt',
    ],
    [{ name: 'a', schema: 'x' }, 'schema: must be a JSON Schema: an object, true or false'],
    [
      { name: 'a', schema: { properties: { b: { type: 'strin' } } } },
      'schema/properties/b/type: must be one of array, boolean, integer, null, number, object, string, or a list of them',
    ],
    [{ name: 'a', schema, examples: [{ total: -1 }] }, 'examples[0]/total: does not match the schema: must be >= 0'],
    [{ name: 'a', examples: 'x' }, 'examples: Invalid input: expected array, received string'],
    [{ name: 'a', examples: ['x'.repeat(300_000)] }, 'examples: must not be larger than 256 KiB together'],
  ])('%j is refused, and nothing is stored', async (body, expected) => {
    const answer = await api.post(types, body);
    expect([answer.status, errorsOf(answer)[1]]).toEqual([422, expected]);
    expect(await stored()).toEqual([]);
  });

  it('in a version or a change is refused, and changes nothing', async () => {
    await make({ schema });
    const before = await stored();
    const answers = [
      await api.post(`${types}/order.created/versions`, { schema: { $ref: 'https://a.test/' } }),
      await api.post(`${types}/order.created/compare`, { schema: 1 }),
      await api.call('PATCH', `${types}/order.created`, { deprecatedAt: '2026-02-01T00:00:00Z', sunsetAt: '2026-01-01T00:00:00Z' }),
      await api.call('PATCH', `${types}/order.created`, { schema }),
    ];
    expect(answers.map((answer) => errorsOf(answer)[1])).toEqual([
      'schema/$ref: must refer to a place in this schema, such as #/$defs/money: other documents are not read',
      'schema: must be a JSON Schema: an object, true or false',
      'sunsetAt: must not be earlier than deprecatedAt',
      'schema: unknown field',
    ]);
    expect(await stored()).toEqual(before);
  });
});

describe('access', () => {
  it('a key and a portal link of a tenant read the public types, and change none', async () => {
    await make({ schema });
    await make({ name: 'internal.thing', visibility: 'internal', schema });
    for (const one of [bound, link]) {
      expect((await one.get(types)).body.data.map(({ name }: { name: string }) => name)).toEqual(['order.created']);
      expect((await one.get(`${types}/order.created`)).body.schema).toEqual(schema);
      expect((await one.get(`${types}/order.created/versions/1`)).status).toBe(200);
      for (const path of [
        'internal.thing',
        'internal.thing/versions',
        'internal.thing/versions/1',
        'internal.thing/versions/1/changes',
        'nothing',
      ])
        expect((await one.get(`${types}/${path}`)).status).toBe(404);
      for (const answer of [
        await one.post(types, { name: 'x' }),
        await one.call('PATCH', `${types}/order.created`, { description: 'x' }),
        await one.call('DELETE', `${types}/order.created`),
        await one.post(`${types}/order.created/versions`, { schema }),
        await one.post(`${types}/order.created/compare`, { schema }),
      ])
        expect(answer.status).toBe(403);
    }
    expect((await api.get(types)).body.data).toHaveLength(2);
    expect((await api.call('GET', types, undefined, { key: null })).status).toBe(401);
  });

  it('any scope is enough to read; changes need the scope admin', async () => {
    await make({ schema });
    const { body } = await api.post('/v1/api-keys', { name: 'producer', scopes: ['events:write'] });
    const producer = createApi(api.origin, body.key);
    expect((await producer.get(`${types}/order.created`)).status).toBe(200);
    expect((await producer.post(types, { name: 'x' })).status).toBe(403);
  });
});

it('changes are in the audit log, without schemas', async () => {
  await make({ description: 'd', schema });
  await api.call('PATCH', `${types}/order.created`, { owner: 'team-b' });
  await api.post(`${types}/order.created/versions`, { schema: {} });
  await api.call('DELETE', `${types}/order.created`);
  const { body } = await api.get('/v1/audit-log?limit=4');
  expect(
    body.data.map(({ action, target, tenant, before, after }: Record<string, unknown>) => ({ action, target, tenant, before, after })),
  ).toMatchObject([
    {
      action: 'event_type.delete',
      target: { kind: 'event_type', id: 'order.created' },
      tenant: null,
      before: { description: 'd' },
      after: null,
    },
    { action: 'event_type.put_version', after: { version: 2, replaced: false, compatible: false } },
    { action: 'event_type.change', before: { owner: null }, after: { owner: 'team-b' } },
    { action: 'event_type.create', before: null, after: { description: 'd', version: 1, validation: 'reject' } },
  ]);
  expect(JSON.stringify(body)).not.toContain('"minimum"');
});
