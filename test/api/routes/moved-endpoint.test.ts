// A change of an endpoint's URL, headers or credentials resets its failure state, which the audit
// log shows.
import { describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { createApi } from '../../support/api.ts';
import { apiOfFile } from '../api-of-file.ts';
import { openLane } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();
const url = 'http://127.0.0.1:9/hook';

const bearer = (token: string) => ({ auth: { type: 'bearer', token } });
const gone = { gate: 'disabled', gateReason: 'the endpoint answered 410 Gone' };

/**
 * An endpoint that sent an hour's Retry-After and then 410, with counted failures and a lane that waits an hour with an
 * open circuit.
 */
async function unwell(settings: object = {}): Promise<string> {
  const { id } = await api.makeEndpoint(tenant, url, settings);
  await api.db.query(`update endpoints set not_before = now() + interval '1 hour', gate = $2, gate_reason = $3 where id = $1`, [
    uuidOf(id),
    gone.gate,
    gone.gateReason,
  ]);
  await openLane(
    api,
    id,
    `state = 'blocked', due_at = now() + interval '1 hour', circuit = '{"state":"open","probeAtMs":9e12}', failing_since = now(), allowance = '{"allowed":1}'`,
  );
  await api.db.query(`insert into endpoint_health (endpoint_id, counts) values ($1, '{}')`, [uuidOf(id)]);
  return id;
}

async function learnt(id: string) {
  const { body } = await api.get(`/v1/endpoints/${id}`);
  const { rows: health } = await api.db.query('select from endpoint_health where endpoint_id = $1', [uuidOf(id)]);
  const { rows } = await api.db.query('select state, circuit, failing_since, allowance from lanes where endpoint_id = $1', [uuidOf(id)]);
  return { gate: body.gate, gateReason: body.gateReason, notBefore: body.notBefore, counted: health.length, lane: rows[0] };
}
const nothing = {
  gate: 'open',
  gateReason: null,
  notBefore: null,
  counted: 0,
  lane: { state: 'awake', circuit: null, failing_since: null, allowance: null },
};

describe('a change of an endpoint', () => {
  it.each<[string, object, object?]>([
    ['URL', { url: 'http://127.0.0.1:10/hook' }],
    ['path', { url: `${url}/other` }],
    ['header', { headers: { 'x-a': 'b' } }],
    ['token', bearer('other'), bearer('one')],
    ['signing', { signing: { schemes: ['v1', 'v1a'] } }],
  ])('of its %s resets its failure state and wakes its lane', async (_, change, settings) => {
    const id = await unwell(settings);
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, change)).status).toBe(200);
    expect(await learnt(id)).toEqual(nothing);
    const [entry] = (await api.get('/v1/audit-log?action=endpoint.change&limit=1')).body.data;
    expect(entry).toMatchObject({
      target: { id },
      before: { ...gone, notBefore: expect.any(String) },
      after: { gate: 'open', gateReason: null, notBefore: null },
    });
  });

  it.each<[string, object, object?]>([
    ['the same URL and headers', { url, headers: {} }],
    ['the same credentials, masked', { auth: { type: 'bearer', token: '***' } }, bearer('one')],
    ['a limit', { maxInFlight: 3 }],
  ])('to %s resets nothing', async (_, change, settings) => {
    const id = await unwell(settings);
    const before = await learnt(id);
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, change)).status).toBe(200);
    expect({ ...(await learnt(id)), lane: null }).toEqual({ ...before, lane: null });
  });

  it('with a key of its tenant, which cannot see the counts, resets them, too', async () => {
    const { body: made } = await api.post('/v1/api-keys', { name: 'own', tenant, scopes: ['endpoints:write', 'endpoints:read'] });
    const id = await unwell();
    const answer = await createApi(api.origin, made.key).call('PATCH', `/v1/endpoints/${id}`, { url: `${url}/mine` });
    expect(answer).toMatchObject({ status: 200, body: { gate: 'open' } });
    expect(await learnt(id)).toEqual(nothing);
  });

  it('does not resume an endpoint that a person paused', async () => {
    const { id } = await api.makeEndpoint(tenant, url);
    await api.post(`/v1/endpoints/${id}/pause`);
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, { url: `${url}/new` })).body).toMatchObject({
      gate: 'held',
      gateReason: 'paused',
    });
  });
});
