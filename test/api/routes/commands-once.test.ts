// A command whose activity Temporal runs again takes effect once: the second run finds the audit
// entry of the first. This also holds while both runs are at work.
import { expect, it } from 'vitest';
import { type Audit, bySystem } from '#db/audit/audit';
import type { AuditAction } from '#domain/access/audit';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';
import { held, leave, rowOf } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();

const auditOf = (action: AuditAction): Audit => ({ ...bySystem(action), once: newId('att'), changesOnce: true as const });
const orderedEndpoint = async () =>
  (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { ordering: 'endpoint', onDeadLetter: 'block' })).id;

async function deadLetters(endpointId: string): Promise<string[]> {
  const ids = [await held(api, tenant, endpointId), await held(api, tenant, endpointId), await held(api, tenant, endpointId)];
  for (const id of ids) await leave(api, id, `status = 'dead_lettered'`);
  return ids;
}

it.each(['one after the other', 'at once'])('skip-head skips one dead letter, and says which: runs %s', async (how) => {
  const endpointId = await orderedEndpoint();
  const ids = await deadLetters(endpointId);
  const [audit, next] = [auditOf('endpoint.skip_head'), auditOf('endpoint.skip_head')];
  const skip = () => api.deps.skipHead(endpointId, null, audit);
  const skipped = how === 'at once' ? await Promise.all([skip(), skip(), skip()]) : [await skip(), await skip(), await skip()];
  expect(skipped).toEqual([ids[0], ids[0], ids[0]]);
  const positions = async () => (await Promise.all(ids.map((id) => rowOf(api, id)))).map(({ position }) => position === null);
  expect(await positions()).toEqual([true, false, false]);
  expect(await api.deps.skipHead(endpointId, null, next)).toBe(ids[1]);
  expect(await positions()).toEqual([true, true, false]);
});

it('retry-now does not make a delivery due again that was attempted meanwhile', async () => {
  const id = await held(api, tenant, await orderedEndpoint());
  const audit = auditOf('delivery.retry_now');
  const retry = () => api.deps.giveCommand(id, { kind: 'retry-now' }, audit);
  expect(await retry()).toMatchObject({ obeyed: true, status: 'held' });
  await leave(api, id, `attempts = 1, hurried = false, next_attempt_at = now() + interval '1 hour'`);
  const before = await rowOf(api, id);
  expect(await retry()).toMatchObject({ obeyed: true, status: 'held' });
  expect(await rowOf(api, id)).toEqual(before);
});
