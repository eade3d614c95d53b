// Parking without Temporal: lanes exist only as rows, and no workflow is signalled.
import { LaneWatch } from '#attempts/lane-watch';
import { readConfig } from '#config/config';
import type { Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { createParking, type Parking } from '#relay/parking';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createLaneWaker, type LaneWaker } from '#temporal/lane-waker';
import { openTemporalLink } from '#temporal/link';
import { installTestRuntime } from './runtime.ts';

export interface ParkingWithoutTemporal {
  waker: LaneWaker;
  parking: Parking;
  lanes: LaneWatch;
  stop(): Promise<void>;
}

export function parkWithoutTemporal(db: Db): ParkingWithoutTemporal {
  const log = createLogger('silent');
  installTestRuntime();
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  const waker = createLaneWaker({ db, link, log });
  const lanes = new LaneWatch({ db, lease: db, waker, log });
  return {
    waker,
    parking: createParking(db, waker),
    lanes,
    async stop() {
      await lanes.stop();
      await link.close();
    },
  };
}

/** Inserts a tenant, an endpoint and an event, for tests that attempt deliveries without planning them. */
export async function insertForeground(db: Db, of: { tenantId: string; endpointId: string; eventId: string }): Promise<void> {
  const [tenant, endpoint, event] = [uuidOf(of.tenantId), uuidOf(of.endpointId), uuidOf(of.eventId)];
  await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2) on conflict do nothing', [tenant, tenant]);
  await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'x') on conflict do nothing`, [endpoint, tenant]);
  await db.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     values ($1, $2, $3, 'order.created', '{}', '{}', '', now(), nextval('event_position'))`,
    [event, tenant, event],
  );
}

/** Reads the current row of the endpoint's lane. */
export async function laneOf(db: Db, endpointId: string): Promise<{ state: string; parks: boolean; reason: string } | undefined> {
  return (await db.query('select state, parks, reason from lanes where endpoint_id = $1', [uuidOf(endpointId)])).rows[0];
}

/** Inserts an idle lane that does not cause parking. */
export async function layToRest(db: Db, endpointId: string): Promise<void> {
  await db.query(
    `insert into lanes (endpoint_id, tenant_id, parks, reason, state) values ($1, $2, false, 'backlog', 'idle')
     on conflict (endpoint_id) do update set state = 'idle', parks = false, due_at = null`,
    [uuidOf(endpointId), uuidOf(newId('tnt'))],
  );
}

/** What a relay without Temporal has of lanes that are drained in its process: none. */
export const noLanesHere = {
  drain: () => undefined,
  mayWake: () => true,
  isDue: () => false,
  look: async () => undefined,
  mayHaveLeft: () => false,
  wakeLeft: async () => undefined,
};
