// One line in the log for each request: at info, but for the successes of the busiest routes.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi({ logLevel: 'info' });
});
afterAll(() => api.close());

/** The line of the request with this id. Its answer may come a moment before the line. */
const lineOf = (id: string) =>
  until('its line', () => api.logLines.find(({ msg, requestId }) => msg === 'api.request' && requestId === id));
const named = (id: string) => ({ headers: { 'x-request-id': id } });

describe('the log of requests', () => {
  it('names route, status, time, request id and caller, at info', async () => {
    const tenant = await api.makeTenant('acme');
    await api.call('GET', `/v1/tenants/${tenant}?x=secret-query`, undefined, named('wrong'));
    expect(await lineOf('wrong')).toMatchObject({
      level: 30,
      method: 'GET',
      route: '/v1/tenants/:tenant',
      path: '/v1/tenants/acme',
      status: 422,
      ms: expect.any(Number),
      caller: 'bootstrap',
    });
    await api.call('GET', '/v1/tenants', undefined, { key: 'unknown', ...named('no-key') });
    expect(await lineOf('no-key')).toMatchObject({ level: 30, status: 401, path: '/v1/tenants' });
    await api.call('GET', '/nothing/here', undefined, named('no-route'));
    expect(await lineOf('no-route')).toMatchObject({ level: 30, status: 404, path: '/nothing/here' });
    expect(JSON.stringify(api.logLines)).not.toMatch(new RegExp(`${apiKey}|secret-query`));
  });

  it('leaves out accepted events and healthy probes, but not refused ones', async () => {
    const tenant = await api.makeTenant();
    const path = `/v1/tenants/${tenant}/events`;
    await api.call('POST', path, { type: 'a.b', data: 1 }, named('accepted'));
    await api.call('POST', `${path}/batch`, { events: [{ type: 'a.b', data: 1 }] }, named('batch'));
    for (const probe of ['/healthz', '/readyz', '/metrics']) await api.call('GET', probe, undefined, named(`probe${probe}`));
    await api.call('POST', path, { type: '', data: 1 }, named('refused'));
    expect(await lineOf('refused')).toMatchObject({ level: 30, status: 422, path });
    const ids = api.logLines.map(({ requestId }) => requestId);
    expect(ids.filter((id) => /^(accepted|batch|probe)/.test(String(id)))).toEqual([]);
  });

  it('says that a client went away before its answer', async () => {
    const arrived = new Promise((resolve) => api.http.once('request', resolve));
    const socket = connect(Number(new URL(api.origin).port), '127.0.0.1');
    const head = ['POST /v1/tenants HTTP/1.1', 'host: x', `authorization: Bearer ${apiKey}`, 'content-type: application/json'];
    socket.write([...head, 'x-request-id: went-away', 'content-length: 9', '', '{'].join('\r\n'));
    await arrived;
    socket.destroy();
    expect(await lineOf('went-away')).toMatchObject({ level: 30, status: null, method: 'POST' });
  });
});
