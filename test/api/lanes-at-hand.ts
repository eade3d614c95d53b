// Creates lanes and held deliveries as drains and parking leave them, without running either.
import { openLanes } from '#db/lanes/lanes';
import { parkExisting } from '#db/lanes/parking';
import { uuidOf } from '#domain/ids';
import type { ApiServer } from './api-server.ts';
import { planned } from './deliveries-at-hand.ts';

export interface Row {
  status: string;
  round: number;
  attempts: number;
  position: number | null;
  sequence: number | null;
  lane_key: string | null;
  batch_id: string | null;
  own_workflow: boolean;
  next_attempt_at: Date | null;
}

export async function rowOf({ db }: ApiServer, deliveryId: string): Promise<Row> {
  const { rows } = await db.query<Row>(
    'select status, round, attempts, position, sequence, lane_key, batch_id, own_workflow, next_attempt_at from deliveries where id = $1',
    [uuidOf(deliveryId)],
  );
  if (!rows[0]) throw new Error(`no delivery ${deliveryId}`);
  return rows[0];
}

/** Posts an event and parks its delivery for the endpoint, without waking the lane. */
export async function held(api: ApiServer, tenant: string, endpointId: string, event: object = {}): Promise<string> {
  const [id = ''] = await planned(api, tenant, await api.postEvent(tenant, event), [endpointId]);
  await parkExisting(api.db, id);
  return id;
}

/** Sets columns of the delivery, as a drain would. `columns`: SQL. */
export async function leave({ db }: ApiServer, deliveryId: string, columns: string): Promise<void> {
  await db.query(`update deliveries set ${columns} where id = $1`, [uuidOf(deliveryId)]);
}

export async function openLane(api: ApiServer, endpointId: string, columns = `state = 'awake'`): Promise<void> {
  await openLanes(api.db, [endpointId], 'backlog');
  await api.db.query(`update lanes set ${columns} where endpoint_id = $1`, [uuidOf(endpointId)]);
}

/** The lane's row; null: there is none. */
export async function laneOf({ db }: ApiServer, endpointId: string): Promise<string | null> {
  const { rows } = await db.query<{ state: string }>('select state from lanes where endpoint_id = $1', [uuidOf(endpointId)]);
  return rows[0]?.state ?? null;
}
