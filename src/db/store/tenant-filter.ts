// Checks whether an endpoint, a delivery, an alert, a channel, a sandbox or a replay job exists, and in a tenant's scope whether it is the
// tenant's.
import { uuidOf } from '#domain/ids';
import type { Db } from './pool.ts';

export async function seesEndpoint(db: Db, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'sees_endpoint', text: 'select from endpoints where id = $1', values: [uuidOf(endpointId)] });
  return rowCount === 1;
}

export async function seesDelivery(db: Db, deliveryId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'sees_delivery',
    text: 'select from deliveries where id = $1',
    values: [uuidOf(deliveryId)],
  });
  return rowCount === 1;
}

export async function seesAlert(db: Db, alertId: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'sees_alert', text: 'select from alerts where id = $1', values: [uuidOf(alertId)] });
  return rowCount === 1;
}

export async function seesAlertChannel(db: Db, channelId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'sees_alert_channel',
    text: 'select from alert_channels where id = $1',
    values: [uuidOf(channelId)],
  });
  return rowCount === 1;
}

export async function seesReplay(db: Db, replayId: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'sees_replay', text: 'select from replays where id = $1', values: [uuidOf(replayId)] });
  return rowCount === 1;
}

export async function seesSandbox(db: Db, sandboxId: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'sees_sandbox', text: 'select from sandboxes where id = $1', values: [uuidOf(sandboxId)] });
  return rowCount === 1;
}
