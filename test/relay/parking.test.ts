// Deliveries that only their endpoint's lane may send are parked by the relay in both dispatch
// modes, before any request is sent and before the event leaves the outbox.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryId } from '#domain/ids';
import { laneOf, layToRest } from '../support/parking.ts';
import { until } from '../support/until.ts';
import { newEvent, setParkingStage } from './parking-stage.ts';

type Stage = Awaited<ReturnType<typeof setParkingStage>>;
let types = 0;

describe.each(['individual', 'batched'] as const)('%s', (dispatch) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setParkingStage(dispatch);
  });
  afterAll(() => stage?.close());

  async function makeEndpoint() {
    const type = `type${++types}.sent`;
    return { type, ...(await stage.makeEndpoint(`/${type}`, { eventTypes: [type] })) };
  }

  /** Batched: the relay makes the first attempt. Individual: the dispatch would make it, but Temporal is away. */
  async function leaves(eventId: string, endpointId: string): Promise<void> {
    if (dispatch === 'batched') expect(await stage.dispatchOf(eventId)).toMatchObject({ planned: true });
    expect(await stage.status(eventId, endpointId)).toBe(dispatch === 'batched' ? 'succeeded' : undefined);
  }

  it.each<[string, (endpointId: string) => Promise<unknown>]>([
    ['has a rate limit', (id) => stage.sql(`update endpoints set rate_limit = '{"perSecond": 1}' where id = $1`, id)],
    ['is ordered', (id) => stage.sql(`update endpoints set ordering = 'endpoint' where id = $1`, id)],
    ['is paused', (id) => stage.api.post(`/v1/endpoints/${id}/pause`)],
    ['waits for its Retry-After', (id) => stage.sql(`update endpoints set not_before = now() + interval '1 hour' where id = $1`, id)],
    [
      'has a lane that another process opened',
      async (id) => {
        await stage.waker.open([id], 'failing');
        await until('the list', () => stage.lanes.parks(id));
      },
    ],
  ])('an endpoint that %s gets no request; its deliveries are held, and its lane is opened', async (_name, prepare) => {
    const { id, type } = await makeEndpoint();
    await prepare(id);
    const eventId = await stage.accept({ type });
    // its deliveries need no workflow, so it leaves in a batch in either mode
    expect(await stage.dispatchOf(eventId)).toMatchObject({ planned: true });
    expect(await stage.row(eventId, id)).toMatchObject({ status: 'held', own_workflow: false, position: expect.any(Number) });
    expect(await laneOf(stage.db, id)).toMatchObject({ state: 'awake' });
    expect(stage.receiver.of(eventId)).toEqual([]);
  });

  it('endpoints of a tenant with a rate limit are not sent to directly', async () => {
    const [{ id, type }, other] = [await makeEndpoint(), await setParkingStage(dispatch)];
    try {
      const endpoint = await other.makeEndpoint('/limited');
      await other.db.query(`update tenants set rate_limit = '{"perSecond": 1}', endpoints_version = endpoints_version + 1`);
      const eventId = await other.accept();
      await other.dispatchOf(eventId);
      expect(await other.status(eventId, endpoint.id)).toBe('held');
    } finally {
      await other.close();
    }
    const eventId = await stage.accept({ type });
    await leaves(eventId, id);
  });

  it('of several endpoints, only the deliveries of these are held', async () => {
    const [held, plain] = [await makeEndpoint(), await makeEndpoint()];
    await stage.sql(`update endpoints set ordering = 'endpoint', event_types = '{}' where id = $1`, held.id);
    const eventId = await stage.accept({ type: plain.type });
    await until('it to be held', async () => (await stage.status(eventId, held.id)) === 'held');
    await leaves(eventId, plain.id);
    await stage.sql('update endpoints set deleted_at = now() where id = $1', held.id);
  });

  it('an idle lane wakes when a delivery is parked', async () => {
    const { id, type } = await makeEndpoint();
    await stage.sql(`update endpoints set ordering = 'endpoint' where id = $1`, id);
    await layToRest(stage.db, id);
    await stage.dispatchOf(await stage.accept({ type }));
    expect(await laneOf(stage.db, id)).toMatchObject({ state: 'awake' });
  });

  it('a lane that goes idle between the commit and the check of its state wakes', async () => {
    const { id } = await makeEndpoint();
    const event = newEvent();
    await layToRest(stage.db, id);
    await stage.waker.changed(id);
    const { rows } = await stage.db.query<{ tenant_id: string }>('select tenant_id from endpoints where id = $1', [id.slice(3)]);
    const tenantId = `tnt_${rows[0]?.tenant_id.replaceAll('-', '')}`;
    const of = { deliveryId: deliveryId(event.eventId, id), eventId: event.eventId, endpointId: id, tenantId };
    await stage.parking.hold([{ ...of, eventType: 'a.b', expiresAt: null }]);
    await layToRest(stage.db, id);
    await stage.parking.tell([id]);
    expect(await laneOf(stage.db, id)).toMatchObject({ state: 'awake' });
  });
});

it('repeating an event signals the lanes of the deliveries that were parked before', async () => {
  const stage = await setParkingStage('batched');
  const type = 'again.sent';
  const { id } = await stage.makeEndpoint('/again');
  await stage.sql(`update endpoints set ordering = 'endpoint' where id = $1`, id);
  // the server of this API has no relay: it parks, then crashes
  const key = await stage.api.postEvent(stage.tenant, { type });
  const { rows } = await stage.db.query<{ event_id: string }>('select event_id from event_ids where external_id = $1', [key]);
  const eventId = `evt_${rows[0]?.event_id.replaceAll('-', '')}`;
  expect(await stage.status(eventId, id)).toBe('held');
  // no setting requires parking any more
  await stage.sql(`update endpoints set ordering = 'none' where id = $1`, id);
  await layToRest(stage.db, id);
  stage.relay.look();
  await until('a relay to take it', async () => (await laneOf(stage.db, id))?.state === 'awake' || stage.relay.look());
  expect(await stage.status(eventId, id)).toBe('held');
  expect(stage.receiver.of(key)).toEqual([]);
  await stage.close();
});

it('does not send to an endpoint, whose lane has the delivery, when the mode changes to batched before the dispatch', async () => {
  const mayStart = Promise.withResolvers<void>();
  const stage = await setParkingStage('adaptive', undefined, () => mayStart.promise);
  try {
    const [resting, direct] = [await stage.makeEndpoint('/resting'), await stage.makeEndpoint('/direct')];
    await stage.waker.open([resting.id], 'failing');
    await until('the lane to be listed', () => stage.lanes.parks(resting.id));
    // two dispatches at a time: the third event waits for its own
    await stage.accept();
    await stage.accept();
    const eventId = await stage.accept();
    await until('its delivery to be held', async () => (await stage.status(eventId, resting.id)) === 'held');
    await layToRest(stage.db, resting.id);
    await until('the lane to be listed no more', () => !stage.lanes.parks(resting.id));
    mayStart.resolve();
    await until('its first attempt', async () => (await stage.status(eventId, direct.id)) === 'succeeded');
    await stage.dispatchOf(eventId);
    expect(stage.receiver.of(eventId).map(({ path }) => path)).toEqual(['/direct']);
    expect(await stage.status(eventId, resting.id)).toBe('held');
  } finally {
    mayStart.resolve();
    await stage.close();
  }
});
