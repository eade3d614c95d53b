// POST /v1/endpoints/{id}/test with a worker: the response contains the result, and there is no
// retry. Also the sandbox as an endpoint on the server itself.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;

beforeAll(async () => {
  // no private range is allowed, so only the server's own sandbox can be reached
  [posthorn, receiver] = await Promise.all([startPosthorn({ namespace: 't13', env: { POSTHORN_ALLOW_CIDRS: '' } }), startReceiver()]);
  tenant = await posthorn.makeTenant();
});

afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

it("returns the endpoint's response, ignores its subscription, and sends to no other endpoint", async () => {
  const tested = await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/tested`, { eventTypes: ['other.*'] });
  await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/bystander`, { eventTypes: ['order.*'] });
  const answer = await posthorn.post(`/v1/endpoints/${tested.id}/test`, { type: 'order.tried', data: { a: 1 } });
  expect(answer).toMatchObject({
    status: 200,
    body: { delivery: { status: 'succeeded', eventType: 'order.tried' }, attempt: { outcome: 'accepted', status: 200 } },
  });
  const seen = (await posthorn.get('/sandbox/tested')).body.requests;
  expect(seen).toMatchObject([{ signature: 'valid', attempt: 1 }]);
  expect((await posthorn.get('/sandbox/bystander')).body.requests).toEqual([]);
});

it('does not retry a refused test', async () => {
  const refusing = await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/refusing?script=503`);
  const { body } = await posthorn.post(`/v1/endpoints/${refusing.id}/test`, {});
  expect(body.attempt).toMatchObject({ outcome: 'http_status', status: 503, number: 1 });
  const handle = posthorn.temporal.workflow.getHandle(body.delivery.workflowId);
  expect(await handle.result()).toBe('cancelled');
  expect((await posthorn.get('/sandbox/refusing')).body.requests).toHaveLength(1);
});

it('refuses other private addresses, at creation and when sending', async () => {
  const refused = await posthorn.post(`/v1/tenants/${tenant}/endpoints`, { url: `${receiver.url}/hook` });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'url' }] } });
  const { id } = await posthorn.makeEndpoint(tenant, 'https://example.com/hook', { eventTypes: ['slipped.in'] });
  const { sealed } = sealTarget(posthorn.core.vault, id, { url: `${receiver.url}/hook`, headers: {}, auth: null });
  await posthorn.database.db.query(`update endpoints set sealed = $1, version = nextval('config_version') where id = $2`, [
    sealed,
    uuidOf(id),
  ]);
  const { body } = await posthorn.post(`/v1/endpoints/${id}/test`, {});
  expect(body.attempt).toMatchObject({ outcome: 'address_blocked' });
  expect(receiver.requests).toEqual([]);
});

it('answers each event by the script', async () => {
  await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/shaky?script=500,500,200`, { eventTypes: ['shaky.event'] });
  const ids = await Promise.all([1, 2, 3].map(() => posthorn.postEvent(tenant, { type: 'shaky.event' })));
  for (const id of ids) {
    const delivery = await until('the third attempt', async () =>
      (await posthorn.deliveriesOf(tenant, id)).find(({ status }) => status === 'succeeded'),
    );
    expect(delivery.attempts).toBe(3);
  }
});
