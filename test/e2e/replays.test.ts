// Replay jobs from the request to the receiver, on real servers.
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const it = withPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const spent = { retry: { schedule: ['50ms'] } };
const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();

describe.concurrent('a job', () => {
  it('replays the dead letters of an endpoint, each once, marked with its round', async ({ posthorn }) => {
    const tenant = await posthorn.makeTenant();
    receiver.answer('/once', [500, 500, 204]);
    const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/once`, spent);
    const events = await Promise.all(Array.from({ length: 12 }, () => posthorn.postEvent(tenant)));
    const rows = () => Promise.all(events.map((id) => posthorn.deliveriesOf(tenant, id)));
    await until('dead letters', async () => (await rows()).flat().every(({ status }) => status === 'dead_lettered'));
    const asked = { tenant, endpoint: endpoint.id, since: hourAgo() };
    const counted = await posthorn.post('/v1/replays', { ...asked, dryRun: true });
    expect(counted).toMatchObject({ status: 200, body: { matched: 12, endpoints: 1, tenants: 1 } });
    const { body: job } = await posthorn.post('/v1/replays', { ...asked, perSecond: 200 });
    expect(job).toMatchObject({ tenant, endpoint: endpoint.id, perSecond: 200, workflowId: `replay/${job.id}` });
    const done = await until('the end', async () => {
      const { body } = await posthorn.get(`/v1/replays/${job.id}`);
      return body.status === 'done' && body;
    });
    expect(done).toMatchObject({ matched: 12, done: 12, succeeded: 12, failed: 0, skipped: 0, waiting: 0, error: null });
    expect((await rows()).flat().map(({ status, round }) => `${status} ${round}`)).toEqual(Array(12).fill('succeeded 2'));
    for (const id of events) expect(receiver.of(id).map(({ headers }) => headers['posthorn-replay'])).toEqual([undefined, undefined, '2']);
    await posthorn.temporal.workflow.getHandle(`replay/${job.id}`).result();
    for (const [{ id } = { id: '' }] of await rows())
      await until(
        'its workflow to end',
        async () => (await posthorn.temporal.workflow.getHandle(`delivery/${id}`).describe()).status.name === 'COMPLETED',
      );
  });
});
