// Creates deliveries without a relay, with the statements that planning and attempts use.
import { recordAttempts } from '#db/deliveries/attempts';
import { insertDeliveries, readEventToPlan } from '#db/events/plan';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { SendResult } from '#domain/deliveries/outcome';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { ApiServer } from './api-server.ts';

/** Plans an event for endpoints, whatever they subscribe to, and returns the ids of the deliveries. */
export async function planned({ db }: ApiServer, tenant: string, eventKey: string, endpointIds: string[]): Promise<string[]> {
  const { rows } = await db.query<{ event_id: string }>(
    'select i.event_id from event_ids i join tenants t on t.id = i.tenant_id where t.external_id = $1 and i.external_id = $2',
    [tenant, eventKey],
  );
  const eventId = `evt_${rows[0]?.event_id.replaceAll('-', '')}`;
  const event = await readEventToPlan(db, eventId);
  if (!event) throw new Error(`no event ${eventKey}`);
  const dispatchId = newId('dsp');
  await db.query('insert into dispatches (id, event_ids) values ($1, $2)', [uuidOf(dispatchId), [uuidOf(eventId)]]);
  await insertDeliveries(db, dispatchId, event, endpointIds);
  await db.query('delete from dispatches where id = $1', [uuidOf(dispatchId)]);
  return endpointIds.map((endpointId) => deliveryId(eventId, endpointId));
}

export async function setStatus({ db }: ApiServer, id: string, status: DeliveryStatus): Promise<void> {
  await db.query('update deliveries set status = $2 where id = $1', [uuidOf(id), status]);
}

export async function attempted(
  { db, deps }: ApiServer,
  id: string,
  number: number,
  result: Partial<SendResult>,
  batchId: string | null = null,
): Promise<void> {
  const timings = { dnsMs: 1, connectMs: 2, tlsMs: null, firstByteMs: 3, totalMs: 4 };
  const whole: SendResult = {
    outcome: 'accepted',
    message: 'HTTP 200',
    response: null,
    timings,
    address: '127.0.0.1',
    retryAfterMs: null,
    ...result,
  };
  const record = {
    attemptId: newId('att'),
    deliveryId: id,
    round: 1,
    number,
    startedAt: new Date(),
    result: whole,
    retryInMs: 60_000,
    batchId,
  };
  await recordAttempts(db, [record], deps.contents);
}
