// The adaptive mode in a whole Posthorn: individual at a low rate, batched in a burst, and
// individual again when it is calm.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({
      namespace: 't37',
      env: { POSTHORN_DISPATCH: 'adaptive', POSTHORN_DISPATCHES_PER_SECOND: '5', POSTHORN_WORKFLOWS_PER_SECOND: '40' },
      timings: quickWaits,
    }),
    startReceiver(),
  ]);
  tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
});

afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

const mode = () => posthorn.worker.relay.status().mode;
const delivered = (eventId: string) =>
  until(`${eventId} to be delivered`, async () =>
    (await posthorn.deliveriesOf(tenant, eventId)).find(({ status }) => status === 'succeeded'),
  );
const dispatches = async () => {
  const { rows } = await posthorn.database.db.query<{ events: number; planned: boolean }>(
    'select cardinality(event_ids) as events, planned from dispatches where done_at is not null order by id',
  );
  return rows;
};

/** The dispatch of this event, once it is done. */
async function dispatchOf(eventId: string): Promise<{ events: number } | undefined> {
  const { rows } = await posthorn.database.db.query<{ events: number }>(
    'select cardinality(event_ids) as events from dispatches where done_at is not null and event_ids @> array[$1::uuid]',
    [uuidOf(eventId)],
  );
  return rows[0];
}

/** Posts the events in one request, so that the speed of the machine does not matter. */
async function postTogether(count: number, more: object = {}): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({ type: 'order.created', data: { n: 1 }, ...more }));
  const { body } = await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
  return body.results.map(({ id }: { id: string }) => id);
}

/** Expects a workflow for the delivery and a dispatch for its event only. A slow Temporal closes the budget: then another is sent. */
async function leavesAlone(): Promise<void> {
  const workflowId = await until('an event within the budget', async () => {
    const eventId = await posthorn.postEvent(tenant);
    await delivered(eventId);
    // the delivery may be sent before its workflow, which takes it over when it ends the dispatch
    const { events } = await until('its dispatch', () => dispatchOf(eventId));
    const shown = await delivered(eventId);
    return events === 1 && shown.workflowId === `delivery/${shown.id}` && shown.workflowId;
  });
  expect(await posthorn.temporal.workflow.getHandle(workflowId).result()).toBe('succeeded');
}

it('switches from individual to batched in a burst, and back when it has been calm', async () => {
  expect(mode()).toBe('individual');
  for (let n = 0; n < 3; n++) await leavesAlone();
  expect(mode()).toBe('individual');

  const alone = (await dispatches()).length;
  const burst = await postTogether(100);
  const shown = await Promise.all(burst.map(delivered));
  expect(receiver.requests).toHaveLength(103);
  const inBurst = await until('all of it to be dispatched', async () => {
    const made = (await dispatches()).slice(alone);
    return made.reduce((sum, { events }) => sum + events, 0) === burst.length && made;
  });
  // the events within the budget were dispatched individually
  expect(inBurst.filter(({ planned }) => !planned).length).toBeLessThan(20);
  expect(Math.max(...inBurst.map(({ events }) => events))).toBeGreaterThan(1);
  const { rows } = await posthorn.database.db.query('select from deliveries where not own_workflow');
  expect(rows.length).toBeGreaterThan(80);
  const [covered] = shown.filter(({ workflowId }) => !workflowId?.startsWith('delivery/'));
  const { body } = await posthorn.get(`/v1/deliveries/${covered?.id}`);
  expect(await posthorn.temporal.workflow.getHandle(body.workflowId).result()).toMatchObject({ done: true });
  expect(body.workflowId).toMatch(/^dispatch\/dsp_/);

  // half of the budget is 20 workflows a second; this is less
  await until('calm', () => mode() === 'individual');
  await leavesAlone();
  expect(mode()).toBe('individual');
});

it('sends events at once that come together, and all of them get their workflows, also those that are refused', async () => {
  const resultOf = ({ workflowId }: { workflowId: string | null }) => posthorn.temporal.workflow.getHandle(workflowId ?? '').result();
  // a slow Temporal closes the budget: then relays retry what was refused, and its workflow ends as `retrying`
  const events = await until(
    'six within the budget',
    async () => {
      await until('calm', () => mode() === 'individual');
      receiver.answer('/hook', [503, 204]);
      const posted = await postTogether(6);
      const shown = await Promise.all(posted.map(delivered));
      receiver.answer('/hook', [204]);
      for (const id of posted) expect(receiver.of(id)).toHaveLength(2);
      if (shown.some(({ workflowId, id }) => workflowId !== `delivery/${id}`)) return false;
      return (await Promise.all(shown.map(resultOf))).every((result) => result === 'succeeded') && posted;
    },
    240_000,
  );
  const { rows } = await posthorn.database.db.query<{ ahead: number }>(
    'select count(*)::int as ahead from dispatches where planned and cardinality(event_ids) = 1 and event_ids[1] = any($1)',
    [events.map(uuidOf)],
  );
  // two places, of which an earlier event may have one: the others were sent before their workflows
  expect(rows[0]?.ahead).toBeGreaterThanOrEqual(4);
});

it('also counts events that need their own dispatch', async () => {
  await until('calm', () => mode() === 'individual');
  await postTogether(15, { deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
  await until('the budget to be spent', () => mode() === 'batched');
});
