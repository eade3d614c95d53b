// A recall stops what was not sent, in every state and on every way that leads to a request, and says what was sent.
import { describe, expect, it } from 'vitest';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { leasePumped } from '#db/deliveries/pumped';
import { readWatched } from '#db/endpoints/endpoint-health';
import { takeBackDispatch } from '#db/events/dispatches';
import { readOwned } from '#db/events/outbox';
import { deleteOldRecalls } from '#db/events/recall';
import { readHeld } from '#db/lanes/lane-page';
import { parkExisting, parkNew } from '#db/lanes/parking';
import { nextStep } from '#domain/deliveries/attempt';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { apiOfFile } from '../api-of-file.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';

const { api, tenant } = await apiOfFile();

interface Recalled {
  endpoint: string;
  recalled: boolean;
  alreadySent: boolean;
  inFlight: boolean;
}

const sql = (text: string, ...values: unknown[]) => api.db.query(text, values);
const makeEndpoint = async (more: object = {}) => (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', more)).id;
const statusOf = async (delivery: string) => (await api.get(`/v1/deliveries/${delivery}`)).body.status;

async function recall(event: string, body: object = {}): Promise<Recalled[]> {
  const answer = await api.post(`/v1/tenants/${tenant}/events/${event}/recall`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
}

async function internalId(event: string): Promise<string> {
  const { rows } = await sql('select event_id from event_ids where external_id = $1', event);
  return idOf('evt', rows[0].event_id);
}

/** An event that left the outbox, with a delivery in this status to a new endpoint. */
async function sent(status: DeliveryStatus, more: string = '') {
  const endpoint = await makeEndpoint();
  const event = await api.postEvent(tenant);
  const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  await sql(`update deliveries set status = $2 ${more} where id = $1`, uuidOf(delivery), status);
  await sql('delete from outbox');
  return { event, endpoint, delivery };
}
const later = `, next_attempt_at = now() + interval '1 hour'`;

describe('a recall', () => {
  it.each<[DeliveryStatus, string]>([
    ['pending', later],
    ['retrying', later],
    ['held', later],
    ['dead_lettered', ', next_attempt_at = null'],
    ['quarantined', ', next_attempt_at = null'],
  ])('stops a delivery that is %s', async (status, more) => {
    const { event, endpoint, delivery } = await sent(status, more);
    const sweeps = api.sweeps();
    expect(await recall(event)).toEqual([{ endpoint, recalled: true, alreadySent: false, inFlight: false }]);
    expect(await statusOf(delivery)).toBe('cancelled');
    expect(api.sweeps()).toBe(sweeps + 1);
  });

  it('leaves what has ended, and says what was sent', async () => {
    const accepted = await sent('pending', later);
    await attempted(api, accepted.delivery, 1, {});
    expect(await recall(accepted.event)).toEqual([{ endpoint: accepted.endpoint, recalled: false, alreadySent: true, inFlight: false }]);
    expect(await statusOf(accepted.delivery)).toBe('succeeded');

    const refused = await sent('pending', later);
    await attempted(api, refused.delivery, 1, { outcome: 'http_status', message: 'HTTP 500' });
    expect(await recall(refused.event)).toMatchObject([{ recalled: true, alreadySent: true }]);

    const unreached = await sent('pending', later);
    await attempted(api, unreached.delivery, 1, { outcome: 'dns', message: 'no such host', address: null });
    expect(await recall(unreached.event)).toMatchObject([{ recalled: true, alreadySent: false }]);

    const [expired, cancelled] = [await sent('expired'), await sent('cancelled')];
    await sql(`update deliveries set updated_at = created_at + interval '1 millisecond' where id = $1`, uuidOf(cancelled.delivery));
    expect(await recall(expired.event)).toMatchObject([{ recalled: false, alreadySent: false }]);
    expect(await recall(cancelled.event)).toMatchObject([{ recalled: false, alreadySent: false }]);
  });

  it('repeated changes nothing, tells the same, and is in the audit log once', async () => {
    const { event, delivery } = await sent('retrying', later);
    const first = await recall(event);
    const row = () =>
      sql('select d.*, e.recalled_at from deliveries d join events e on e.id = d.event_id where d.id = $1', uuidOf(delivery));
    const before = (await row()).rows;
    expect(await recall(event)).toEqual(first);
    expect((await row()).rows).toEqual(before);
    const { body } = await api.get(`/v1/audit-log?tenant=${tenant}&action=event.recall`);
    expect(body.data.filter(({ target }: { target: { id: string } }) => target.id === event)).toHaveLength(1);
    expect((await api.get(`/v1/tenants/${tenant}/events/${event}`)).body).toMatchObject({ recalledAt: expect.any(String), data: { n: 1 } });
  });

  it('erases the content if asked to, which needs the scope admin', async () => {
    const { event, endpoint } = await sent('retrying', later);
    const { body: key } = await api.post('/v1/api-keys', { name: 'x', scopes: ['events:write'], tenant });
    const producer = createApi(api.origin, key.key);
    expect((await producer.post(`/v1/tenants/${tenant}/events/${event}/recall`, { erase: true })).status).toBe(403);
    expect((await api.get(`/v1/tenants/${tenant}/events/${event}`)).body).toMatchObject({ recalledAt: null, erasedAt: null });
    expect((await producer.post(`/v1/tenants/${tenant}/events/${event}/recall`)).body.data).toMatchObject([{ endpoint, recalled: true }]);
    expect(await recall(event, { erase: true })).toMatchObject([{ endpoint, recalled: true }]);
    expect((await api.get(`/v1/tenants/${tenant}/events/${event}`)).body).toMatchObject({ data: null, erasedAt: expect.any(String) });
  });

  it('refuses what it does not know, and stores nothing', async () => {
    const { event, delivery } = await sent('retrying', later);
    const path = `/v1/tenants/${tenant}/events/${event}/recall`;
    for (const [body, at] of [
      [{ erase: 'yes' }, 'erase'],
      [{ force: true }, 'force'],
    ] as const) {
      const answer = await api.post(path, body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, at]);
    }
    expect((await api.post(`/v1/tenants/${tenant}/events/none/recall`, {})).status).toBe(404);
    const stranger = await api.makeTenant();
    expect((await api.post(`/v1/tenants/${stranger}/events/${event}/recall`, {})).status).toBe(404);
    expect(await statusOf(delivery)).toBe('retrying');
    expect((await api.get(`/v1/tenants/${tenant}/events/${event}`)).body.recalledAt).toBeNull();
  });
});

describe('a request that may be in flight', () => {
  it('is said to be, until its result is stored; a late acceptance counts', async () => {
    const { event, delivery } = await sent('pending', ', next_attempt_at = now()');
    expect(await recall(event)).toMatchObject([{ recalled: true, alreadySent: false, inFlight: true }]);
    expect(await recall(event)).toMatchObject([{ recalled: true, alreadySent: false, inFlight: true }]);
    await attempted(api, delivery, 1, { outcome: 'http_status', message: 'HTTP 500' });
    expect(await recall(event)).toMatchObject([{ recalled: true, alreadySent: true, inFlight: false }]);
    expect(await statusOf(delivery)).toBe('cancelled');
    await attempted(api, delivery, 2, {});
    expect(await recall(event)).toMatchObject([{ recalled: false, alreadySent: true, inFlight: false }]);
  });

  it('ends the wait when its result is stored meanwhile', async () => {
    const { event, delivery } = await sent('retrying', ', next_attempt_at = now()');
    const [answer] = await Promise.all([recall(event), attempted(api, delivery, 1, { outcome: 'http_status', message: 'HTTP 500' })]);
    expect(answer).toMatchObject([{ recalled: true, alreadySent: true, inFlight: false }]);
  });
});

describe('an event that is not planned yet', () => {
  it('gets cancelled rows for the endpoints that would get it, and is listed for the relays', async () => {
    const own = await api.makeTenant();
    const wanting = (await api.makeEndpoint(own, 'http://127.0.0.1:9/')).id;
    await api.makeEndpoint(own, 'http://127.0.0.1:9/', { eventTypes: ['invoice.*'] });
    const event = await api.postEvent(own);
    const { status, body } = await api.post(`/v1/tenants/${own}/events/${event}/recall`, {});
    expect(status).toBe(200);
    expect(body.data).toEqual([{ endpoint: wanting, recalled: true, alreadySent: false, inFlight: true }]);
    const eventId = await internalId(event);
    expect((await readWatched(api.db, 0)).recalled).toContain(eventId);

    // its relay gave it up, and moves it on
    await sql('delete from outbox');
    const again = await api.post(`/v1/tenants/${own}/events/${event}/recall`, {});
    expect(again.body.data).toEqual([{ endpoint: wanting, recalled: true, alreadySent: false, inFlight: false }]);
    await planned(api, own, event, [wanting]);
    expect(await statusOf(deliveryId(eventId, wanting))).toBe('cancelled');
    await sql(`update recalls set until = now() - interval '1 second'`);
    expect((await readWatched(api.db, 0)).recalled).toEqual(new Set());
    expect(await deleteOldRecalls(api.db)).toBeGreaterThan(0);
    expect(await deleteOldRecalls(api.db)).toBe(0);
  });
});

describe('a row that is written after the recall', () => {
  /** A recalled event, and an endpoint that the recall did not know of. */
  async function recalledBefore() {
    const event = await api.postEvent(tenant);
    const eventId = await internalId(event);
    await recall(event);
    const endpoint = await makeEndpoint();
    return { event, eventId, endpoint, delivery: deliveryId(eventId, endpoint) };
  }
  const insert = ({ eventId, endpoint, delivery }: { eventId: string; endpoint: string; delivery: string }, status: DeliveryStatus) =>
    sql(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at, position)
       select $1, $2, $3, tenant_id, type, $4, now(), position from events where id = $2`,
      ...[uuidOf(delivery), uuidOf(eventId), uuidOf(endpoint), status],
    );

  it('by planning or parking is cancelled from its first moment', async () => {
    const first = await recalledBefore();
    await planned(api, tenant, first.event, [first.endpoint]);
    expect(await statusOf(first.delivery)).toBe('cancelled');
    const second = await recalledBefore();
    const { eventId, endpoint: endpointId, delivery } = second;
    const { rows } = await sql('select tenant_id from events where id = $1', uuidOf(eventId));
    const tenantId = idOf('tnt', rows[0].tenant_id);
    await parkNew(api.db, [{ deliveryId: delivery, eventId, endpointId, tenantId, eventType: 'order.created', expiresAt: null }]);
    expect(await statusOf(delivery)).toBe('cancelled');
    expect((await api.get(`/v1/deliveries/${delivery}`)).body.nextAttemptAt).toBeNull();
  });

  it('by a relay that gave its first attempt up is cancelled by the next attempt, also in a lane', async () => {
    const direct = await recalledBefore();
    await insert(direct, 'pending');
    const job = await readDeliveryJob(api.db, direct.delivery);
    expect(job && nextStep(job)).toEqual({ kind: 'settle', as: 'cancelled' });

    const held = await recalledBefore();
    await insert(held, 'pending');
    expect(await parkExisting(api.db, held.delivery)).toBe('held');
    const query = { ordering: 'none' as const, evenEarly: false, limit: 10, except: [], exceptKeys: [], blocks: false, asOf: null };
    const lowest = `dlv_${'0'.repeat(32)}`;
    expect(await readHeld(api.db, { ...query, endpointId: held.endpoint, lowest })).toEqual([]);
    expect(await statusOf(held.delivery)).toBe('cancelled');
  });

  it('does not go out with a relay that takes the event from the outbox, or takes its dispatch back', async () => {
    const { eventId } = await recalledBefore();
    const relay = newId('rly');
    await sql('update outbox set owner = $2 where event_id = $1', uuidOf(eventId), uuidOf(relay));
    const [owned] = await readOwned(api.db, relay, [eventId]);
    expect(owned?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
    await sql('delete from outbox');
    const dispatch = newId('dsp');
    await sql('insert into dispatches (id, event_ids) values ($1, $2)', uuidOf(dispatch), [uuidOf(eventId)]);
    expect(await takeBackDispatch(api.db, relay, dispatch)).toBe(true);
    expect((await readOwned(api.db, relay, [eventId]))[0]?.expiresAt).toEqual(owned?.expiresAt);
  });

  it('is not sent again by a replay', async () => {
    const { event, delivery } = await sent('pending', later);
    await attempted(api, delivery, 1, {});
    await recall(event);
    expect((await api.post(`/v1/deliveries/${delivery}/replay`, {})).status).toBe(409);
    expect(await statusOf(delivery)).toBe('succeeded');
  });

  it('keeps no lease of the pump', async () => {
    const { event, delivery } = await sent('retrying', ', pumped = true, next_attempt_at = now()');
    await recall(event);
    expect(await leasePumped(api.db, [delivery], { relayId: newId('rly'), takesOver: true })).toEqual(new Set());
    await setStatus(api, delivery, 'cancelled');
  });
});

it('a recall during planning leaves nothing behind, in whatever order the two commit', async () => {
  const endpoints = await Promise.all(Array.from({ length: 4 }, () => makeEndpoint()));
  for (let round = 0; round < 12; round++) {
    const event = await api.postEvent(tenant);
    const eventId = await internalId(event);
    const [data] = await Promise.all([recall(event), planned(api, tenant, event, endpoints)]);
    for (const endpoint of endpoints) {
      const job = await readDeliveryJob(api.db, deliveryId(eventId, endpoint));
      expect(job && nextStep(job)).toMatchObject(
        job?.status === 'pending' ? { kind: 'settle', as: 'cancelled' } : { kind: 'finished', status: 'cancelled' },
      );
      expect(data?.find((one) => one.endpoint === endpoint)?.recalled).toBe(true);
    }
  }
});
