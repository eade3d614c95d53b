// A change that may have repaired an endpoint wakes its blocked lane, which probes at once.

import { expect, it } from 'vitest';
import { bySystem } from '#db/audit/audit';
import { uuidOf } from '#domain/ids';
import { apiOfFile } from '../api-of-file.ts';
import { laneOf, openLane } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();

const circuitOpen = `state = 'blocked', due_at = null, circuit = '{"state":"open","refusedProbes":3,"refusedSince":0,"accepted":[],"probeAtMs":9e12}'`;

it.each<[string, (id: string) => Promise<unknown>]>([
  ['its secret', (id) => api.post(`/v1/endpoints/${id}/rotate-secret`)],
  ['its timeout', (id) => api.call('PATCH', `/v1/endpoints/${id}`, { timeoutMs: 30_000 })],
  ['autoRecover', (id) => api.call('PATCH', `/v1/endpoints/${id}`, { autoRecover: true })],
])('%s', async (_, repair) => {
  const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  await openLane(api, id, circuitOpen);
  expect(await repair(id)).toMatchObject({ status: 200 });
  expect(await laneOf(api, id)).toBe('awake');
  const { rows } = await api.db.query(`select circuit->'probeAtMs' as at from lanes where endpoint_id = $1`, [uuidOf(id)]);
  expect(rows).toEqual([{ at: 0 }]);
});

it('skip-head by API or operator wakes the lane, even if nothing blocks any more', async () => {
  const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { ordering: 'endpoint', onDeadLetter: 'block' });
  for (const skip of [() => api.post(`/v1/endpoints/${id}/skip-head`), () => api.deps.skipHead(id, null, bySystem('endpoint.skip_head'))]) {
    await openLane(api, id, `state = 'blocked', due_at = null`);
    await skip();
    expect(await laneOf(api, id)).toBe('awake');
  }
});
