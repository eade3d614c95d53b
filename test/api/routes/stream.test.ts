// The live stream over HTTP: what changes arrives, of the tenant and endpoint asked for only, and nothing is missing after a
// reconnect.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { openStream, type StreamEvent } from '../../support/event-stream.ts';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { planned } from '../deliveries-at-hand.ts';

let api: ApiServer;
let tenant: string;
let endpoint: string;
let other: { tenant: string; endpoint: string };
beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
  endpoint = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/')).id;
  const otherTenant = await api.makeTenant();
  other = { tenant: otherTenant, endpoint: (await api.makeEndpoint(otherTenant, 'http://127.0.0.1:9/')).id };
});
afterAll(() => api?.close());

const open = (query = '', lastEventId?: string, key = apiKey) => openStream(`${api.origin}/v1/stream?${query}`, key, lastEventId);

/** A new delivery. Returns its id. */
async function deliver(of = { tenant, endpoint }): Promise<string> {
  const event = await api.postEvent(of.tenant);
  return (await planned(api, of.tenant, event, [of.endpoint]))[0] ?? '';
}

const change = (id: string, status: string) =>
  api.db.query('update deliveries set status = $2, updated_at = now() where id = $1', [uuidOf(id), status]);

const isOf =
  (id: string, status = 'pending') =>
  ({ name, data }: StreamEvent) =>
    name === 'delivery' && data.id === id && data.status === status;

describe('a reader', () => {
  it('gets each change of a delivery, as the API shows the delivery', async () => {
    const stream = await open();
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.headers.get('cache-control')).toBe('no-store');
    const id = await deliver();
    const { data } = await stream.find('the new delivery', isOf(id));
    expect((await api.get(`/v1/deliveries/${id}`)).body).toMatchObject(data);
    await change(id, 'succeeded');
    await stream.find('its success', isOf(id, 'succeeded'));
    expect(stream.events.filter((event) => isOf(id)(event) || isOf(id, 'succeeded')(event))).toHaveLength(2);
  });

  it('gets only what it asked for', async () => {
    const streams = await Promise.all(
      [`tenant=${tenant}`, `endpoint=${endpoint}`, `tenant=${tenant}&endpoint=${endpoint}&kind=delivery&kind=alert`, 'kind=alert'].map(
        (query) => open(query),
      ),
    );
    const [theirs, own] = [await deliver(other), await deliver()];
    for (const stream of streams.slice(0, 3)) await stream.find('its delivery', isOf(own));
    const all = await open('', streams[0]?.lastId);
    await all.find('the delivery of the other', isOf(theirs));
    for (const stream of streams) expect(stream.events.some(isOf(theirs))).toBe(false);
    expect(streams[3]?.events).toEqual([]);
  });

  it('that is bound to a tenant gets nothing of another tenant', async () => {
    const { body } = await api.post('/v1/api-keys', { name: 'bound', scopes: ['deliveries:read'], tenant });
    const link = await api.post('/v1/portal-links', { tenant });
    const streams = [await open('', undefined, body.key), await open('', undefined, link.body.token ?? link.body.url.split('#')[1])];
    const [theirs, own] = [await deliver(other), await deliver()];
    for (const stream of streams) await stream.find('its delivery', isOf(own));
    const resumed = await open('', streams[0]?.lastId, body.key);
    await change(own, 'cancelled');
    await resumed.find('the cancelled one', isOf(own, 'cancelled'));
    for (const stream of [...streams, resumed]) expect(stream.events.some(isOf(theirs))).toBe(false);
    expect((await open(`tenant=${other.tenant}`, undefined, body.key)).status).toBe(404);
    expect((await open(`endpoint=${other.endpoint}`, undefined, body.key)).status).toBe(404);
  });

  it('gets orders for endpoints of its tenant, if it may see endpoints, and also after a reconnect', async () => {
    const [mine, theirs] = [
      await api.makeEndpoint(tenant, 'http://127.0.0.1:9/'),
      await api.makeEndpoint(other.tenant, 'http://127.0.0.1:9/'),
    ];
    const paused =
      (id: string) =>
      ({ name, data }: StreamEvent) =>
        name === 'endpoint' && data.id === id && data.status === 'paused';
    const key = async (...scopes: string[]) => (await api.post('/v1/api-keys', { name: 'reader', scopes, tenant })).body.key;
    const reader = await key('deliveries:read', 'endpoints:read');
    const [own, blind, of] = [
      await open('', undefined, reader),
      await open('', undefined, await key('deliveries:read')),
      await open('kind=endpoint'),
    ];
    await until('an id', () => own.lastId !== '');
    const from = own.lastId;
    await api.post(`/v1/endpoints/${theirs.id}/pause`);
    await api.post(`/v1/endpoints/${mine.id}/pause`);
    const { data } = await own.find('the pause', paused(mine.id));
    expect(data).toEqual({ id: mine.id, tenant, status: 'paused', changedAt: expect.any(String) });
    await of.find('the other pause', paused(theirs.id));
    const delivered = await deliver();
    await blind.find('a later delivery', ({ data }) => data.id === delivered);
    const again = await open('', from, reader);
    await again.find('the pause', paused(mine.id));
    for (const each of [mine, theirs]) await api.post(`/v1/endpoints/${each.id}/resume`);
    await again.find('the end of the pause', ({ name, data }) => name === 'endpoint' && data.id === mine.id && data.status === 'ok');
    for (const stream of [own, again]) expect(stream.events.some(paused(theirs.id))).toBe(false);
    expect(blind.events.some(({ name }) => name === 'endpoint')).toBe(false);
    expect(of.events.some(({ name }) => name === 'delivery')).toBe(false);
    // each change once
    expect(own.events.filter(paused(mine.id))).toHaveLength(1);
  });

  it('is ended when its key is revoked', async () => {
    const { body } = await api.post('/v1/api-keys', { name: 'short', scopes: ['deliveries:read'], tenant });
    const stream = await open('', undefined, body.key);
    await api.call('DELETE', `/v1/api-keys/${body.id}`);
    expect((await stream.find('its end', ({ name }) => name === 'end')).data).toMatchObject({ reason: 'not_valid' });
    await until('the end', () => stream.ended);
  });
});

describe('a reader that comes back', () => {
  it('gets what changed meanwhile, then what changes', async () => {
    const stream = await open();
    const first = await deliver();
    await stream.find('the first', isOf(first));
    await until('an id', () => stream.lastId !== '');
    stream.close();
    const meanwhile = [await deliver(), await deliver()];
    const again = await open('', stream.lastId);
    for (const id of meanwhile) await again.find('one of meanwhile', isOf(id));
    const later = await deliver();
    await again.find('the later one', isOf(later));
  });

  it('is told to load again when that was too long ago', async () => {
    const old = `p${((Date.now() - 11 * 60_000) * 1_000).toString(36)}`;
    const stream = await open('', old);
    expect((await stream.find('the reset', ({ name }) => name === 'reset')).data).toMatchObject({ reason: 'too_old' });
    expect(stream.lastId).not.toBe(old);
    const id = await deliver();
    await stream.find('the next delivery', isOf(id));
  });
});

describe('a stream is refused', () => {
  it.each([
    ['kind=everything', 'kind'],
    ['endpoint=ep_1', 'endpoint'],
    ['since=1', 'since'],
  ])('with %s', async (query, field) => {
    const { status, body } = await api.get(`/v1/stream?${query}`);
    expect(status).toBe(422);
    expect(body.errors[0].path.split('.')[0]).toBe(field);
  });

  it('with an id of something else, an unknown tenant or endpoint, or without the scope', async () => {
    const wrong = await api.call('GET', '/v1/stream', undefined, { headers: { 'last-event-id': '41' } });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, 'last-event-id']);
    expect((await api.get('/v1/stream?tenant=nobody')).status).toBe(404);
    expect((await api.get('/v1/stream?endpoint=ep_019c81d4a6f07b3e8c5da90f12e4b763')).status).toBe(404);
    const { body } = await api.post('/v1/api-keys', { name: 'writer', scopes: ['events:write'] });
    expect((await open('', undefined, body.key)).status).toBe(403);
  });
});
