// Deliveries and their attempts as the API shows them, and commands to deliveries.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryStatuses, obeyedIn } from '#domain/deliveries/delivery';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('deliveries', () => {
  it('are listed by tenant, endpoint, status and type', async () => {
    const [tenant, other] = [await api.makeTenant(), await api.makeTenant()];
    const [one, two] = [(await api.makeEndpoint(tenant, url)).id, (await api.makeEndpoint(tenant, url)).id];
    const before = new Date().toISOString();
    const [a = '', b = ''] = await planned(api, tenant, await api.postEvent(tenant), [one, two]);
    const [c = ''] = await planned(api, tenant, await api.postEvent(tenant, { type: 'invoice.paid' }), [one]);
    await setStatus(api, b, 'dead_lettered');
    const byId = (...ids: string[]) => ids.toSorted().reverse();
    const future = new Date(Date.now() + 60_000).toISOString();
    const all = byId(a, b, c);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}`)).toEqual(all);
    expect(await listed(api, `/v1/deliveries?tenant=${other}`)).toEqual([]);
    expect(await listed(api, `/v1/deliveries?endpoint=${one}`)).toEqual(byId(a, c));
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&status=dead_lettered`)).toEqual([b]);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&status=dead_lettered&status=pending`)).toEqual(all);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&status=dead_lettered&status=dead_lettered`)).toEqual([b]);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&type=invoice.paid`)).toEqual([c]);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&since=${before}&until=${future}`)).toEqual(all);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&since=${future}`)).toEqual([]);
    expect(await listed(api, `/v1/deliveries?tenant=${tenant}&until=${before}`)).toEqual([]);
  });

  it('link to their workflow in Temporal', async () => {
    const tenant = await api.makeTenant();
    const [id = ''] = await planned(api, tenant, await api.postEvent(tenant), [(await api.makeEndpoint(tenant, url)).id]);
    expect((await api.get(`/v1/deliveries/${id}`)).body).toMatchObject({
      workflowId: `delivery/${id}`,
      temporalUrl: `http://temporal.test:8233/namespaces/default/workflows/delivery%2F${id}`,
    });
  });

  it('have no such link for a consumer, to whom Temporal is not open', async () => {
    const tenant = await api.makeTenant();
    const endpoint = (await api.makeEndpoint(tenant, url)).id;
    const event = await api.postEvent(tenant);
    const [id = ''] = await planned(api, tenant, event, [endpoint]);
    const { token: key } = (await api.post('/v1/portal-links', { tenant })).body;
    const read = async (path: string) => JSON.stringify((await api.call('GET', path, undefined, { key })).body);
    const texts = await Promise.all(
      [`/v1/deliveries/${id}`, '/v1/deliveries', `/v1/endpoints/${endpoint}/lane`, `/v1/tenants/${tenant}/events/${event}`].map(read),
    );
    for (const text of texts) expect(text).not.toContain('temporal.test');
    expect(texts[0]).toContain('"temporalUrl":null');
  });

  it('show their attempts, whatever bytes the endpoint answered', async () => {
    const tenant = await api.makeTenant();
    const [id = ''] = await planned(api, tenant, await api.postEvent(tenant), [(await api.makeEndpoint(tenant, url)).id]);
    const headers: [string, string][] = [['X-Odd', 'caf\xe9\0']];
    const response = { statusCode: 500, headers, bodyStart: Uint8Array.of(0, 0xff, 0x41), bodyTruncated: true };
    await attempted(api, id, 1, { outcome: 'http_status', message: 'HTTP 500', response, reconnected: true });
    await attempted(api, id, 2, { outcome: 'timeout', message: 'no answer', address: null });
    const { body } = await api.get(`/v1/deliveries/${id}/attempts`);
    expect(body.data).toMatchObject([
      { delivery: id, number: 2, outcome: 'timeout', status: null, headers: [], body: null, address: null, reconnected: false },
      {
        number: 1,
        round: 1,
        outcome: 'http_status',
        status: 500,
        headers,
        body: '\0\ufffdA',
        bodyTruncated: true,
        reconnected: true,
        timings: { dnsMs: 1, connectMs: 2, tlsMs: null, totalMs: 4 },
      },
    ]);
    expect((await api.get(`/v1/deliveries/${id}`)).body).toMatchObject({ status: 'retrying', attempts: 2, lastOutcome: 'timeout' });
    expect((await api.get(`/v1/deliveries/${id}/attempts?limit=1`)).body.data).toHaveLength(1);
  });

  it.each(['cancel', 'retry-now', 'replay', 'release'] as const)(
    'obey %s in the statuses it applies to, and answer 409 in others',
    async (command) => {
      const tenant = await api.makeTenant();
      const endpoint = (await api.makeEndpoint(tenant, url)).id;
      for (const status of deliveryStatuses) {
        const [id = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
        await setStatus(api, id, status);
        const answer = await api.post(`/v1/deliveries/${id}/${command}`, { reason: 'a test' });
        const obeyed = obeyedIn[command].includes(status) || (command === 'cancel' && status === 'cancelled');
        expect([status, answer.status]).toEqual([status, obeyed ? 202 : 409]);
        if (!obeyed) expect(answer.body.detail).toContain(status);
        if (obeyed && command === 'cancel') expect(answer.body.status).toBe('cancelled');
        if (obeyed && command === 'replay')
          expect(answer.body).toMatchObject({ status: 'pending', round: 2, attempts: 0, lastOutcome: null });
      }
    },
  );
});
