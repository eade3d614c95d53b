// Posted events against the catalogue: violations, warnings, types that are unregistered, deprecated or past their sunset, and
// how soon a change of the catalogue counts, in this process and in others.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { storedBody } from '../stored-body.ts';

let api: ApiServer;
let strict: ApiServer;
beforeAll(async () => {
  api = await startApi();
  strict = await startApi({
    databaseUrl: api.db.options.connectionString ?? '',
    policy: { unregistered: 'reject', deprecated: 'reject', sunset: 'warn' },
  });
  await api.makeTenant('acme');
});
afterAll(async () => {
  await strict.close();
  await api.close();
});
beforeEach(async () => {
  await api.db.query('delete from event_types');
  for (const one of [api, strict]) await one.deps.catalogue.refresh();
});

const types = '/v1/event-types';
const events = '/v1/tenants/acme/events';
const schema = {
  type: 'object',
  properties: {
    total: { type: 'integer', minimum: 0, description: 'In cents.' },
    items: { type: 'array', items: { type: 'object', required: ['sku'] } },
  },
  required: ['total'],
};
const good = { type: 'order.created', data: { total: 1 } };
const bad = { type: 'order.created', data: { total: -1, items: [{ sku: 'a' }, {}] } };
const make = async (body: object = {}) => {
  expect((await api.post(types, { name: 'order.created', schema, ...body })).status).toBe(201);
  await strict.deps.catalogue.refresh();
};
const count = async () => Number((await api.db.query('select count(*) from events')).rows[0].count);
const pathsOf = ({ status, body }: { status: number; body: { errors: { path: string }[] } }) => [
  status,
  ...body.errors.map(({ path }) => path),
];

describe('an event that violates its schema', () => {
  const violations = [
    { path: 'data/total', message: 'must be >= 0 ("In cents.")', schema: '/properties/total/minimum' },
    { path: 'data/items/1/sku', message: 'is missing', schema: '/properties/items/items/required' },
  ];

  it('is refused with the place in its data, what the schema says, and where', async () => {
    await make();
    const before = await count();
    const answer = await api.post(events, bad);
    expect(answer).toMatchObject({ status: 422, body: { detail: 'data/total must be >= 0 ("In cents.")', errors: violations } });
    expect((await api.post(events, { type: 'order.created', data: null })).body.errors).toMatchObject([
      { path: 'data', message: 'must be object' },
    ]);
    expect(await count()).toBe(before);
    expect(await api.post(events, good)).toMatchObject({ status: 202, body: { id: expect.any(String), duplicate: false } });
  });

  it('is accepted with warnings, or silently, as the type says', async () => {
    await make({ validation: 'warn' });
    const answer = await api.post(events, bad);
    expect(answer).toMatchObject({ status: 202, body: { duplicate: false, warnings: violations } });
    expect((await api.post(events, good)).body).not.toHaveProperty('warnings');
    expect((await api.post(`${events}/batch`, { events: [good, bad] })).body.results).toMatchObject([
      { duplicate: false },
      { warnings: [{ path: 'events[1].data/total' }, { path: 'events[1].data/items/1/sku' }] },
    ]);
    await api.call('PATCH', `${types}/order.created`, { validation: 'off' });
    expect((await api.post(events, bad)).body).not.toHaveProperty('warnings');
  });

  it('refuses its batch, which is validated whole and names every event', async () => {
    await make();
    const before = await count();
    const answer = await api.post(`${events}/batch`, { events: [good, bad, good, { ...bad, data: {} }] });
    expect(pathsOf(answer)).toEqual([422, 'events[1].data/total', 'events[1].data/items/1/sku', 'events[3].data/total']);
    const many = await api.post(`${events}/batch`, { events: Array.from({ length: 1_000 }, () => bad) });
    expect(many.body.errors).toHaveLength(100);
    expect(await count()).toBe(before);
  });

  it('is a duplicate, not an error, if it was accepted before the schema was', async () => {
    const event = { ...bad, id: 'accepted-before' };
    expect((await api.post(events, event)).body).toEqual({ id: 'accepted-before', duplicate: false });
    await make();
    expect(await api.post(events, event)).toMatchObject({ status: 202, body: { id: 'accepted-before', duplicate: true } });
    expect((await api.post(`${events}/batch`, { events: [event] })).body.results).toMatchObject([{ duplicate: true }]);
    expect((await api.post(events, { ...event, data: 1 })).status).toBe(422);
    expect(pathsOf(await api.post(`${events}/batch`, { events: [event, bad] }))[1]).toBe('events[1].data/total');
  });

  it('with numbers of 64 bits and more is stored byte for byte', async () => {
    await make();
    const data = '{ "total": 9007199254740993, "n": 1.0, "big": 1e400 }';
    const { status, body } = await api.call('POST', events, undefined, { raw: `{"type":"order.created","data":${data}}` });
    expect(status).toBe(202);
    expect(await storedBody(api, body.id)).toContain(`"data":${data}}`);
  });
});

describe('the version of an event', () => {
  it('is the current one of its type unless it names one, and an unknown one is a violation', async () => {
    await make();
    await api.post(`${types}/order.created/versions`, { version: 3, schema: { type: 'string' } });
    const versionOf = async (event: object) => (await api.get(`${events}/${(await api.post(events, event)).body.id}`)).body.version;
    expect(await versionOf({ ...good, data: 'text' })).toBe(3);
    expect(await versionOf({ ...good, version: 1 })).toBe(1);
    expect(pathsOf(await api.post(events, good))).toEqual([422, 'data']);
    const unknown = await api.post(events, { ...good, version: 2 });
    expect(unknown.body.errors).toEqual([{ path: 'version', message: 'order.created has no version 2; it has 1, 3' }]);
    await api.call('PATCH', `${types}/order.created`, { validation: 'warn' });
    expect((await api.post(events, { ...good, version: 2 })).body.warnings).toMatchObject([{ path: 'version' }]);
  });

  it('does not count when a repeated event is compared with the stored one', async () => {
    await make();
    const event = { ...good, id: 'without-version' };
    await api.post(events, event);
    await api.post(`${types}/order.created/versions`, { version: 2, schema });
    expect((await api.post(events, event)).body).toMatchObject({ duplicate: true });
  });

  it('of a type without versions is as posted', async () => {
    await api.post(types, { name: 'plain' });
    expect((await api.post(events, { type: 'plain', data: 1, version: 7 })).status).toBe(202);
  });
});

describe('a type that is', () => {
  const past = '2020-01-01T00:00:00.000Z';
  const future = '2099-01-01T00:00:00.000Z';

  it('not registered is as the configuration says', async () => {
    expect((await api.post(events, { type: 'new.type', data: 1 })).body).not.toHaveProperty('warnings');
    const refused = await strict.post(events, { type: 'new.type', data: 1 });
    expect([refused.status, refused.body.errors]).toEqual([422, [{ path: 'type', message: 'new.type is not a registered event type' }]]);
    await make();
    expect((await strict.post(events, good)).status).toBe(202);
  });

  it('deprecated or past its sunset is as the configuration says', async () => {
    await make({ deprecatedAt: past, sunsetAt: future });
    const warned = [{ path: 'type', message: `order.created is deprecated since ${past}; it must not be sent from ${future} on` }];
    expect((await api.post(events, good)).body.warnings).toEqual(warned);
    expect((await strict.post(events, good)).body.errors).toEqual(warned);
    await api.call('PATCH', `${types}/order.created`, { sunsetAt: past });
    await strict.deps.catalogue.refresh();
    const ended = [{ path: 'type', message: `order.created must not be sent any more since ${past}` }];
    expect((await api.post(events, good)).body.errors).toEqual(ended);
    expect((await strict.post(events, good)).body.warnings).toEqual(ended);
    await api.call('PATCH', `${types}/order.created`, { deprecatedAt: future, sunsetAt: null });
    expect((await api.post(events, good)).body).not.toHaveProperty('warnings');
  });
});

describe('a change of the catalogue', () => {
  it('counts at once in the process that made it, and soon in others, which are notified', async () => {
    expect((await strict.post(events, good)).status).toBe(422);
    expect((await api.post(types, { name: 'order.created', schema })).status).toBe(201);
    expect(pathsOf(await api.post(events, bad))[0]).toBe(422);
    await until('the other process to know the type', async () => (await strict.post(events, good)).status === 202);
    await api.post(`${types}/order.created/versions`, { schema: { type: 'string' } });
    await until('the other process to know the version', async () => (await strict.post(events, good)).status === 422);
    await api.db.query(`delete from event_types`);
    await until('a change by SQL to count', async () => (await api.post(events, bad)).status === 202);
  });

  it('counts after a second without any notification', async () => {
    await make();
    // as behind a pooler of transactions: LISTEN is accepted and has no effect
    await api.db.query('alter table event_types disable trigger all');
    await api.db.query('alter table event_type_versions disable trigger all');
    const deaf = await startApi({ databaseUrl: api.db.options.connectionString ?? '', isDeaf: true });
    try {
      expect((await deaf.post(events, bad)).status).toBe(422);
      await api.db.query(`update event_types set validation = 'off'`);
      await until('the change to count', async () => (await deaf.post(events, bad)).status === 202);
    } finally {
      await deaf.close();
      await api.db.query('alter table event_types enable trigger all');
      await api.db.query('alter table event_type_versions enable trigger all');
    }
  });
});

it('metrics count validated events, warnings and refusals, without naming types', async () => {
  await make();
  const read = async () => (await api.get('/metrics')).body as string;
  const value = (page: string, name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(page)?.[1]);
  const before = await read();
  await api.post(events, good);
  await api.post(events, bad);
  await api.call('PATCH', `${types}/order.created`, { validation: 'warn' });
  await api.post(events, bad);
  const after = await read();
  const names = [
    'posthorn_events_validated_total',
    'posthorn_catalogue_refusals_total{reason="schema"}',
    'posthorn_catalogue_warnings_total{reason="schema"}',
  ];
  expect(names.map((name) => value(after, name) - value(before, name))).toEqual([3, 1, 1]);
  expect(after).not.toContain('order.created');
});
