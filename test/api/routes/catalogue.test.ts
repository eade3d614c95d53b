// /v1/catalogue: applying documents, plans, refusals, exports, and /asyncapi.json.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
});
afterAll(() => api.close());
beforeEach(() => api.db.query('delete from event_types'));

const path = '/v1/catalogue';
const schema = { type: 'object', properties: { n: { type: 'integer' } } };
const apply = (eventTypes: object, more: object = {}) => api.post(path, { document: { eventTypes }, ...more });
const stored = async () =>
  (
    await api.db.query('select to_jsonb(t) - $1::text[] from event_types t union all select to_jsonb(v) from event_type_versions v', [
      ['updated_at'],
    ])
  ).rows;
const actions = ({ body }: { body: { steps: { eventType: string; action: string }[] } }) =>
  body.steps.map(({ eventType, action }) => `${action} ${eventType}`);

it('creates, changes and deletes what the document says, and plans it first', async () => {
  const planned = await apply({ a: { schema }, b: { owner: 'team-b' } }, { dryRun: true });
  expect(planned).toMatchObject({
    status: 200,
    body: { format: 'posthorn', applied: false, summary: { create: 2, change: 0, keep: 0, delete: 0, refuse: 0 } },
  });
  expect(await stored()).toEqual([]);
  expect(await apply({ a: { schema }, b: { owner: 'team-b' } })).toMatchObject({
    status: 200,
    body: { applied: true, steps: planned.body.steps },
  });
  expect((await api.post('/v1/tenants/acme/events', { type: 'a', data: { n: 'x' } })).status).toBe(422);
  const before = await stored();
  expect(await apply({ a: { schema }, b: { owner: 'team-b' } })).toMatchObject({ body: { applied: false, summary: { keep: 2 } } });
  expect(await stored()).toEqual(before);
  const changed = await apply({ a: { schema: { ...schema, properties: { ...schema.properties, m: {} } }, tags: ['t'] } });
  expect(actions(changed)).toEqual(['change a']);
  expect(changed.body.steps[0]).toMatchObject({
    fields: ['tags'],
    versions: [{ version: 1, action: 'replace', compatibility: { compatible: true } }],
  });
  await api.makeEndpoint('acme', 'http://127.0.0.1:9/');
  const pruned = await apply({ a: { tags: ['t'], versions: { 2: { schema: { type: 'string' } } } } }, { prune: true });
  expect(actions(pruned)).toEqual(['change a', 'delete b']);
  expect(pruned.body.steps).toMatchObject([
    { endpoints: 1, versions: [{ version: 2, action: 'add', compatibility: { compatible: false } }] },
    { endpoints: 1 },
  ]);
  expect((await api.get('/v1/event-types/a')).body).toMatchObject({ versions: [1, 2], tags: ['t'], owner: null });
  expect((await api.get('/v1/event-types/b')).status).toBe(404);
});

it('applies nothing if one change breaks a version without a new number, and says why', async () => {
  await apply({ a: { schema } });
  const before = await stored();
  const breaking = { a: { schema: { type: 'object' } }, new: {} };
  expect(await apply(breaking, { dryRun: true })).toMatchObject({ status: 200, body: { summary: { refuse: 1, create: 1 } } });
  const refused = await apply(breaking);
  expect(refused).toMatchObject({
    status: 409,
    body: {
      errors: [
        { path: 'document/eventTypes/a/schema', message: 'a breaks version 1: a breaking change needs a new version number, such as 2' },
        { path: 'document/eventTypes/a/schema', message: 'data/n was removed (breaks consumers)' },
      ],
    },
  });
  expect(await stored()).toEqual(before);
});

describe('a document with faults', () => {
  it('is refused with their places, and nothing is stored', async () => {
    const answer = await apply({
      ok: { schema },
      bad: { schema: { properties: { x: { type: 'strin' } } } },
      worse: { versions: { 2: { schema, examples: [{ n: 1 }, { n: 'x' }] } } },
    });
    expect([answer.status, answer.body.errors.map(({ path: at }: { path: string }) => at)]).toEqual([
      422,
      ['document/eventTypes/bad/schema/properties/x/type', 'document/eventTypes/worse/versions/2/examples/1/n'],
    ]);
    expect((await api.post(path, { document: { openapi: '3.0.0' } })).body.errors[0].path).toBe('document/openapi');
    expect((await api.post(path, { document: 'x' })).body.errors[0].path).toBe('document');
    expect(await stored()).toEqual([]);
  });

  it('names the place in OpenAPI where a shared schema is', async () => {
    const media = { schema: { $ref: '#/components/schemas/A' } };
    const document = {
      openapi: '3.1.0',
      webhooks: { a: { post: { requestBody: { content: { 'application/json': media } } } } },
      components: { schemas: { A: { properties: { b: { $ref: '#/components/schemas/B' } } }, B: { type: 'object', nullable: true } } },
    };
    expect((await api.post(path, { document })).body.errors).toMatchObject([{ path: 'document/components/schemas/B/nullable' }]);
    document.components.schemas.B = { type: 'object' } as typeof document.components.schemas.B;
    expect(await api.post(path, { document })).toMatchObject({ status: 200, body: { format: 'openapi', applied: true } });
    const shared = document.components.schemas as { B: object };
    shared.B = { type: 'string' };
    expect((await api.post(path, { document })).body.steps).toMatchObject([
      { action: 'change', versions: [{ version: 2, action: 'add' }] },
    ]);
  });
});

describe('an export', () => {
  const all = {
    a: { description: 'A.', owner: 'team-secret', versions: { 1: { schema }, 2: { schema: { type: 'string' }, examples: ['x'] } } },
    hidden: { visibility: 'internal' },
  };

  it('is applied again without a change', async () => {
    await apply(all);
    for (const format of ['posthorn', 'openapi', 'asyncapi']) {
      const { body: document } = await api.get(`${path}?format=${format}`);
      expect(await api.post(path, { document, prune: true, dryRun: true }), format).toMatchObject({
        status: 200,
        body: { summary: { create: 0, delete: 0, refuse: 0 } },
      });
    }
    expect((await api.get(path)).body).toEqual({ posthorn: 1, eventTypes: all });
    expect((await api.get(`${path}?format=yaml`)).status).toBe(422);
  });

  it('has only public types for tenants and at /asyncapi.json, which needs no key', async () => {
    await apply(all);
    const key = (await api.post('/v1/api-keys', { name: 'k', scopes: ['events:write'], tenant: 'acme' })).body.key;
    expect(Object.keys((await createApi(api.origin, key).get(path)).body.eventTypes)).toEqual(['a']);
    const { status, body } = await api.call('GET', '/asyncapi.json', undefined, { key: null });
    expect([status, body.asyncapi, Object.keys(body.components.messages)]).toEqual([200, '3.0.0', ['a']]);
    expect(body.components.messages.a).toMatchObject({
      payload: { schema: { properties: { data: { type: 'string' } }, required: ['type', 'timestamp', 'data'] } },
      examples: [{ payload: { type: 'a', data: 'x' } }],
    });
  });
});
