// A stage for tests of the pump: relays without Temporal, each with its own engine as in a process of its own, and
// deliveries without a workflow.
import { randomBytes } from 'node:crypto';
import { createBoundRows } from '#attempts/bound-rows';
import { Engine } from '#attempts/engine';
import { FirstAttempter } from '#attempts/first-attempter';
import { createParkDelivery } from '#attempts/park-delivery';
import { createPoster } from '#attempts/poster';
import { Recorder } from '#attempts/recorder';
import { createSlots, type SlotLimits } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { readConfig } from '#config/config';
import type { Db } from '#db/store/pool';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { deliveryId, uuidOf } from '#domain/ids';
import type { Timings } from '#domain/timings';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { Relay } from '#relay/relay';
import type { Reached } from '#runtime/checkpoints';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { createVault } from '#sealing/vault';
import { openTemporalLink } from '#temporal/link';
import { createStarter } from '#temporal/starter';
import { testContents } from '../support/contents.ts';
import { createTestDatabase } from '../support/database.ts';
import { insertForeground, noLanesHere, parkWithoutTemporal } from '../support/parking.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const log = createLogger('silent');
const manySlots: SlotLimits = { process: 512, tenant: 128, endpoint: 32 };

export interface Pumped {
  id: string;
  eventId: string;
  endpointId: string;
  tenantId: string;
}

export async function openPumpStage() {
  const [{ db, drop }, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const vault = createVault([randomBytes(32).toString('base64')]);
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  const sql = async (text: string, ...values: unknown[]) => (await db.query(text, values)).rows;
  const opened: { stop(): Promise<void> }[] = [];

  return {
    db,
    receiver,
    sql,
    /** A delivery that was refused once and is due, at `/<endpoint>` of the receiver. `set`: changes its row. */
    async deliver(set = '', of: Partial<Pumped> = {}): Promise<Pumped> {
      const { tenantId = newId('tnt'), endpointId = newId('ep') } = of;
      const eventId = newId('evt');
      const id = deliveryId(eventId, endpointId);
      await insertForeground(db, { tenantId, endpointId, eventId });
      const target = sealTarget(vault, endpointId, { url: `${receiver.url}/${endpointId}`, headers: {}, auth: null });
      await sql('update endpoints set sealed = $2 where id = $1', uuidOf(endpointId), target.sealed);
      const secret = newId('sec');
      if (!of.endpointId) {
        const sealed = vault.seal(randomBytes(24), secret);
        await sql('insert into endpoint_secrets (id, endpoint_id, sealed) values ($1, $2, $3)', uuidOf(secret), uuidOf(endpointId), sealed);
      }
      await sql(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, pumped, own_workflow)
         values ($1, $2, $3, $4, 'a.b', 'retrying', 1, now(), true, false)`,
        ...[id, eventId, endpointId, tenantId].map(uuidOf),
      );
      if (set !== '') await sql(`update deliveries set ${set} where id = $1`, uuidOf(id));
      return { id, eventId, endpointId, tenantId };
    },
    async row({ id }: Pumped) {
      const [row] = await sql(
        `select status, attempts, leased_by, extract(epoch from next_attempt_at - now())::float8 as in_s from deliveries where id = $1`,
        uuidOf(id),
      );
      return row as { status: string; attempts: number; leased_by: string | null; in_s: number | null };
    },
    /** The number of requests of a delivery. */
    requests: ({ endpointId, eventId }: Pumped) =>
      receiver.requests.filter(({ path, headers }) => path === `/${endpointId}` && headers['webhook-id'] === uuidOf(eventId)).length,
    /** A relay as of another process. `on`: its connections. */
    async relay({
      limits = manySlots,
      on = db,
      reached,
      schedule = ['1h'],
      timings = quickLeases,
    }: {
      limits?: SlotLimits;
      on?: Db;
      reached?: Reached;
      schedule?: `${number}${'ms' | 'h'}`[];
      timings?: Timings;
    } = {}) {
      const lanes = parkWithoutTemporal(db);
      const contents = testContents(db);
      const slots = createSlots(limits);
      const poster = createPoster({ db, contents, vault, sender, log, defaultRetry: { schedule }, ...(reached && { reached }) });
      const recorder = new Recorder(db, contents, log);
      const attempting = {
        slots,
        poster,
        recorder,
        boundRows: createBoundRows(db, 5_000),
        stallWatch: createStallWatch(),
        laneWatch: lanes.lanes,
        log,
      };
      const parkDelivery = createParkDelivery({ db, lanes: lanes.lanes, tellLanes: lanes.parking.tell });
      const engine = new Engine({ ...attempting, db, limits, parkDelivery });
      const relay = new Relay({
        ...lanes,
        contents,
        ...{ db: on, lease: on, reads: on, log, reached: reached as Reached },
        watch: lanes.lanes,
        lanesHere: noLanesHere,
        temporalTrouble: () => null,
        starter: createStarter(link, 60_000),
        processName: 'test',
        place: null,
        dispatch: 'batched',
        modes: createModeSwitch('batched'),
        dispatchesPerSecond: 20,
        timings,
        openFirstAttempter: () => new FirstAttempter({ ...attempting, park: lanes.parking.park }),
        pump: { ...attempting, db: on, engine, limits },
      });
      const one = { relay, engine, slots, stop: () => relay.stop().then(() => lanes.stop()) };
      opened.push(one);
      await until('the relay', () => relay.id() !== null);
      return one;
    },
    async close() {
      await Promise.all(opened.map((one) => one.stop()));
      await sender.close();
      await link.close();
      await receiver.close();
      await drop();
    },
  };
}
