// With traces off, which is the default, an endpoint gets the trace that the producer gave: at once, by a workflow or by its
// lane, at each retry and replay. Without one it gets none.
import { expect, onTestFinished } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const it = withPosthorn;
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', tracestate: 'vendor=some state' };

const open = async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  return receiver;
};

it('the trace that the producer gave is sent with each attempt, retry and replay, also by a lane, and shown', async ({ posthorn }) => {
  const [receiver, tenant] = [await open(), await posthorn.makeTenant()];
  await posthorn.makeEndpoint(tenant, `${receiver.url}/direct`);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/paced`, { rateLimit: { perSecond: 100 } });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/own`, { headers: { TraceParent: 'its own' } });
  for (const path of ['/direct', '/paced']) receiver.answer(path, [500, 204]);
  const { body } = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: 1 }, { headers: trace });
  await until('two endpoints to get it twice', () => receiver.of(body.id).length === 5);
  const deliveries = await until('all to be delivered', async () => {
    const all = await posthorn.deliveriesOf(tenant, body.id);
    return all.length === 3 && all.every(({ status }) => status === 'succeeded') && all;
  });
  for (const { id } of deliveries) await posthorn.post(`/v1/deliveries/${id}/replay`);
  await until('the replays', () => receiver.of(body.id).length === 8);
  const [own, others] = [true, false].map((isOwn) => receiver.of(body.id).filter(({ path }) => (path === '/own') === isOwn));
  expect(others).toHaveLength(6);
  for (const { headers } of others ?? []) expect(headers).toMatchObject(trace);
  for (const { headers } of own ?? []) expect([headers.traceparent, headers.tracestate]).toEqual(['its own', undefined]);
  for (const sent of receiver.of(body.id)) {
    const attempts = (await posthorn.get(`/v1/deliveries/${sent.headers['posthorn-delivery']}/attempts`)).body.data;
    const shown = attempts.find(
      ({ number, round }: { number: number; round: number }) => number === Number(sent.headers['posthorn-attempt']) && round === 1,
    );
    const names = shown.request.headers.map(([name]: [string]) => name.toLowerCase());
    expect(names.filter((name: string) => name.startsWith('trace'))).toEqual(
      sent.path === '/own' ? ['traceparent'] : ['traceparent', 'tracestate'],
    );
  }
});

it('without a valid one an endpoint gets none, and a batch of events none either', async ({ posthorn }) => {
  const [receiver, tenant] = [await open(), await posthorn.makeTenant()];
  await posthorn.makeEndpoint(tenant, `${receiver.url}/plain`, { eventTypes: ['plain.*'] });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/batched`, { eventTypes: ['batch.*'], batch: { maxEvents: 2, maxWaitMs: 1_000 } });
  const post = (type: string, headers: Record<string, string>) =>
    posthorn.post(`/v1/tenants/${tenant}/events`, { type, data: 1 }, { headers });
  await post('plain.sent', {});
  await post('plain.sent', { ...trace, traceparent: 'rubbish' });
  for (const _ of [1, 2]) await post('batch.sent', trace);
  await until('three requests', () => receiver.requests.length === 3);
  for (const { headers } of receiver.requests) expect(Object.keys(headers).filter((name) => name.startsWith('trace'))).toEqual([]);
});

it('the same event again under another trace is a duplicate, and an erased event keeps no trace', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const event = { id: 'traced', type: 'order.created', data: 1 };
  const path = `/v1/tenants/${tenant}/events`;
  expect((await posthorn.post(path, event, { headers: trace })).body).toEqual({ id: 'traced', duplicate: false });
  expect((await posthorn.post(path, event, { headers: { traceparent: trace.traceparent.replace('b7', 'c8') } })).body.duplicate).toBe(true);
  const stored = async () => {
    const { rows } = await posthorn.core.db.query<{ trace_context: string | null }>(
      'select e.trace_context from events e join tenants t on t.id = e.tenant_id where t.external_id = $1',
      [tenant],
    );
    return rows.map((row) => row.trace_context);
  };
  expect(await stored()).toEqual([`${trace.traceparent} ${trace.tracestate}`]);
  expect((await posthorn.call('DELETE', `${path}/traced/content`)).status).toBeLessThan(300);
  expect(await stored()).toEqual([null]);
});
