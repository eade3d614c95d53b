// A stage for parking tests: a relay without Temporal, and ingest. Tests check rows and the
// receiver.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createBoundRows } from '#attempts/bound-rows';
import { Engine } from '#attempts/engine';
import { FirstAttempter } from '#attempts/first-attempter';
import { createParkDelivery } from '#attempts/park-delivery';
import { createPoster } from '#attempts/poster';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { readConfig } from '#config/config';
import { acceptEvents } from '#db/events/accept';
import type { EventToAccept } from '#db/events/acceptance';
import { createModeSwitch, type DispatchSetting } from '#domain/events/dispatch-mode';
import { deliveryId, uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { createIngest } from '#relay/ingest';
import { Relay } from '#relay/relay';
import type { Reached } from '#runtime/checkpoints';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { openTemporalLink } from '#temporal/link';
import { createStarter } from '#temporal/starter';
import { type ApiServer, startApi } from '../api/api-server.ts';
import { noLanesHere, parkWithoutTemporal } from '../support/parking.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const log = createLogger('silent');

/** `reached` is called at each checkpoint of ingest, `beforeStart` before each start of a dispatch, which fails. */
export async function setParkingStage(dispatch: DispatchSetting, reached?: Reached, beforeStart?: () => Promise<void>) {
  const masterKey = randomBytes(32).toString('base64');
  const [api, receiver]: [ApiServer, Receiver] = await Promise.all([startApi({ masterKey }), startReceiver()]);
  const { db, deps } = api;
  const { contents } = deps;
  const lanes = parkWithoutTemporal(db);
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  const starter = createStarter(link, 60_000);
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  const recorder = new Recorder(db, contents, log);
  const poster = createPoster({ db, contents, vault: createVault([masterKey]), sender, log, defaultRetry: { schedule: ['1h'] } });
  const limits = { process: 64, tenant: 64, endpoint: 8 };
  const slots = createSlots(limits);
  const boundRows = createBoundRows(db, usualTimings.firstAttempt.leaseMarginMs);
  const attempting = { slots, poster, recorder, boundRows, stallWatch: createStallWatch(), laneWatch: lanes.lanes, log };
  const parkDelivery = createParkDelivery({ db, lanes: lanes.lanes, tellLanes: lanes.parking.tell });
  const engine = new Engine({ ...attempting, db, limits, parkDelivery });
  const relay = new Relay({
    lanesHere: noLanesHere,
    temporalTrouble: () => null,
    ...lanes,
    db,
    contents,
    lease: db,
    reads: db,
    watch: lanes.lanes,
    starter: { ...starter, startDispatch: (started) => Promise.resolve(beforeStart?.()).then(() => starter.startDispatch(started)) },
    log,
    processName: hostname(),
    place: null,
    dispatch,
    modes: createModeSwitch(dispatch),
    dispatchesPerSecond: 20,
    pump: { ...attempting, db, engine, limits },
    timings: usualTimings,
    openFirstAttempter: () => new FirstAttempter({ ...attempting, park: lanes.parking.park }),
  });
  const accept = createIngest({ db, contents, relay, parking: lanes.parking, ...(reached && { reached }) });
  const tenant = await api.makeTenant();
  await until('the relay', () => relay.id() !== null);

  return {
    ...lanes,
    api,
    db,
    receiver,
    relay,
    tenant,
    makeEndpoint: (path: string, more: object = {}) => api.makeEndpoint(tenant, receiver.url + path, more),
    /** Accepts an event through this process, so that this relay owns it. */
    async accept(more: Partial<EventToAccept> = {}) {
      const event = newEvent(more);
      const acceptances = await accept(tenant, [event]);
      if (acceptances === 'unknown_tenant' || acceptances[0]?.kind !== 'accepted') throw new Error('not accepted');
      return event.eventId;
    },
    /** Commits an event under this relay's id without telling the relay, as if the answer to the commit were lost. */
    async commit(more: Partial<EventToAccept> = {}) {
      const event = newEvent(more);
      await acceptEvents(db, [{ tenant, events: [event] }], relay.id(), contents);
      return event.eventId;
    },
    status: async (eventId: string, endpointId: string) => (await rowOf(eventId, endpointId))?.status,
    row: rowOf,
    /** The event's dispatch, once it has left the outbox. */
    dispatchOf: (eventId: string) =>
      until('its dispatch', async () => {
        const { rows } = await db.query<{ planned: boolean; events: number }>(
          'select planned, cardinality(event_ids) as events from dispatches where $1 = any(event_ids)',
          [uuidOf(eventId)],
        );
        return rows[0];
      }),
    sql: (text: string, ...ids: string[]) => db.query(text, ids.map(uuidOf)),
    async close() {
      await relay.stop();
      await lanes.stop();
      await sender.close();
      await link.close();
      await receiver.close();
      await api.close();
    },
  };

  async function rowOf(eventId: string, endpointId: string) {
    const { rows } = await db.query<{ status: string; own_workflow: boolean; position: number | null }>(
      'select status, own_workflow, position from deliveries where id = $1',
      [uuidOf(deliveryId(eventId, endpointId))],
    );
    return rows[0];
  }
}

export function newEvent(more: Partial<EventToAccept> = {}): EventToAccept {
  const eventId = newId('evt');
  return {
    eventId,
    externalId: eventId,
    type: 'order.created',
    channels: [],
    body: Buffer.from('{}'),
    bodyTimestamp: new Date().toISOString(),
    contentHash: Buffer.alloc(32),
    orderingKey: null,
    version: null,
    deliverAt: null,
    expiresAt: null,
    onlyEndpointId: null,
    coalesceKey: null,
    ...more,
  };
}
