// What an endpoint missed: each missed delivery is listed once, whatever commits late or fails later; what was acknowledged
// is taken.
import { describe, expect, it } from 'vitest';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { acceptEvents } from '#db/events/accept';
import type { Db } from '#db/store/pool';
import { nextStep } from '#domain/deliveries/attempt';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { firstUuidAt, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { apiOfFile } from '../api-of-file.ts';
import type { ApiServer } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

const { api, tenant } = await apiOfFile();

const makeEndpoint = async (more: object = {}) => (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', more)).id;

/** An event whose delivery to the endpoint has this status. */
async function missed(endpoint: string, status: DeliveryStatus, more: object = {}) {
  const event = await api.postEvent(tenant, more);
  const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  await setStatus(api, delivery, status);
  return { event, delivery };
}

async function list(endpoint: string, query = '') {
  const { status, body } = await api.get(`/v1/endpoints/${endpoint}/missed${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as { data: { delivery: string; event: string; status: string; [field: string]: unknown }[]; cursor: string };
}

const eventsIn = ({ data }: { data: { event: string }[] }) => data.map(({ event }) => event);
const ack = (endpoint: string, cursor: string) => api.post(`/v1/endpoints/${endpoint}/missed/ack`, { cursor });
const statusOf = async (delivery: string) => (await api.get(`/v1/deliveries/${delivery}`)).body.status;

describe('the list', () => {
  it('has what was not accepted, oldest first, in pages; not what succeeded, was cancelled or is about to be tried', async () => {
    const endpoint = await makeEndpoint();
    const events: string[] = [];
    for (const status of ['held', 'retrying', 'succeeded', 'dead_lettered', 'cancelled', 'quarantined', 'pending', 'expired'] as const) {
      const { event } = await missed(endpoint, status);
      if (!['succeeded', 'cancelled', 'pending'].includes(status)) events.push(event);
    }
    const first = await list(endpoint, '?limit=2');
    expect(first.data[0]).toEqual({
      delivery: expect.stringMatching(/^dlv_/),
      event: events[0],
      eventType: 'order.created',
      status: 'held',
      acceptedAt: expect.stringMatching(/Z$/),
      erasedAt: null,
    });
    const second = await list(endpoint, `?limit=2&after=${first.cursor}`);
    const third = await list(endpoint, `?limit=2&after=${second.cursor}`);
    expect([first, second, third].flatMap(eventsIn)).toEqual(events);
    expect(await list(endpoint, `?after=${third.cursor}`)).toEqual({ data: [], cursor: third.cursor });
    expect(eventsIn(await list(endpoint))).toEqual(events);
  });

  it('is in the order of acceptance, also of events of one batch', async () => {
    const endpoint = await makeEndpoint();
    const events = Array.from({ length: 20 }, () => ({ type: 'a.b', data: 1 }));
    const { body } = await api.post(`/v1/tenants/${tenant}/events/batch`, { events });
    const ids: string[] = body.results.map(({ id }: { id: string }) => id);
    for (const id of ids.toReversed()) {
      const [delivery = ''] = await planned(api, tenant, id, [endpoint]);
      await setStatus(api, delivery, 'held');
    }
    expect(eventsIn(await list(endpoint))).toEqual(ids);
  });

  it('has bodies on request, byte for byte; none of an expired or erased event', async () => {
    const endpoint = await makeEndpoint();
    const raw = '{"type":"order.paid","data":{"n":12345678901234567890.10,"é":"\\u0041"}}';
    const { body: posted } = await api.call('POST', `/v1/tenants/${tenant}/events`, undefined, { raw });
    const [delivery = ''] = await planned(api, tenant, posted.id, [endpoint]);
    await setStatus(api, delivery, 'dead_lettered');
    const [expired, erased] = [await missed(endpoint, 'expired'), await missed(endpoint, 'expired')];
    expect((await api.call('DELETE', `/v1/tenants/${tenant}/events/${erased.event}/content`)).status).toBe(204);

    const answer = await fetch(`${api.origin}/v1/endpoints/${endpoint}/missed?include=body`, {
      headers: { authorization: 'Bearer test-key-0123456789abcdef' },
    });
    const text = await answer.text();
    expect(text).toContain('"data":{"n":12345678901234567890.10,"é":"\\u0041"}');
    const { data } = JSON.parse(text);
    expect(data[0]).toMatchObject({ event: posted.id, body: { type: 'order.paid', timestamp: expect.any(String) }, erasedAt: null });
    expect(data[1]).toMatchObject({ event: expired.event, status: 'expired', body: null, erasedAt: null });
    expect(data[2]).toMatchObject({ event: erased.event, body: null, erasedAt: expect.any(String) });
    expect((await list(endpoint)).data[0]).not.toHaveProperty('body');
  });

  it('ends a page at 4 MiB of bodies, and goes on with the next one', async () => {
    const endpoint = await makeEndpoint();
    const data = 'x'.repeat(200_000);
    const { body } = await api.post(`/v1/tenants/${tenant}/events/batch`, {
      events: Array.from({ length: 24 }, () => ({ type: 'a.b', data })),
    });
    const ids: string[] = body.results.map(({ id }: { id: string }) => id);
    for (const id of ids) for (const delivery of await planned(api, tenant, id, [endpoint])) await setStatus(api, delivery, 'held');
    const first = await list(endpoint, '?include=body');
    expect(first.data.length).toBe(20);
    const second = await list(endpoint, `?include=body&after=${first.cursor}`);
    expect([first, second].flatMap(eventsIn)).toEqual(ids);
  });

  it('has a delivery that fails after the reader passed its event, and one that fails again after a replay', async () => {
    const endpoint = await makeEndpoint();
    const slow = await missed(endpoint, 'pending');
    const later = await missed(endpoint, 'held');
    const first = await list(endpoint);
    expect(eventsIn(first)).toEqual([later.event]);
    await setStatus(api, slow.delivery, 'dead_lettered');
    const second = await list(endpoint, `?after=${first.cursor}`);
    expect(eventsIn(second)).toEqual([slow.event]);

    expect((await api.post(`/v1/deliveries/${slow.delivery}/replay`, {})).status).toBe(202);
    expect(await list(endpoint, `?after=${second.cursor}`)).toEqual({ data: [], cursor: second.cursor });
    await setStatus(api, slow.delivery, 'retrying');
    expect(eventsIn(await list(endpoint, `?after=${second.cursor}`))).toEqual([slow.event]);
    expect(eventsIn(await list(endpoint))).toEqual([later.event, slow.event]);
  });
});

describe('a list that is read again and again', () => {
  it('forgets what has left it, and searches the days long past every ten minutes', async () => {
    const endpoint = await makeEndpoint();
    const numbers = async () =>
      (await api.db.query('select number from missed_deliveries where endpoint_id = $1 order by number', [uuidOf(endpoint)])).rows;
    const made = [];
    for (let n = 0; n < 6; n++) made.push(await missed(endpoint, 'held'));
    const { cursor } = await list(endpoint);
    for (const { delivery } of made.slice(0, 5)) await setStatus(api, delivery, 'succeeded');
    expect(eventsIn(await list(endpoint, '?limit=2'))).toEqual([made[5]?.event]);
    expect(await numbers()).toEqual([{ number: 6 }]);

    // a delivery of last week fails now: its event is not among those of the last days
    const day = new Date(Date.now() - 7 * 86_400_000);
    await api.db.query(`select make_partition(p, $1::date) from unnest(array['events', 'deliveries']) as p`, [
      day.toISOString().slice(0, 10),
    ]);
    const old = firstUuidAt(day.getTime());
    await api.db.query(
      `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, position, accepted_at)
       select ($2 || substr(id::text, 14))::uuid, tenant_id, 'of last week', type, channels, body, body_timestamp, position, accepted_at
       from events where id = (select event_id from event_ids where external_id = $1)`,
      [made[0]?.event, `${old.slice(0, 8)}-${old.slice(8, 12)}`],
    );
    await api.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status)
       select id, id, $1, tenant_id, type, 'dead_lettered' from events where external_id = 'of last week'`,
      [uuidOf(endpoint)],
    );
    expect((await list(endpoint, `?after=${cursor}`)).data).toEqual([]);
    await api.db.query(`update missed_lists set scanned_at = now() - interval '11 minutes' where endpoint_id = $1`, [uuidOf(endpoint)]);
    expect(eventsIn(await list(endpoint, `?after=${cursor}`))).toEqual(['of last week']);
  });
});

describe('a late commit', () => {
  it('is never skipped: an event of a transaction held open comes after what the reader saw meanwhile', async () => {
    const endpoint = await makeEndpoint();
    const before = await missed(endpoint, 'dead_lettered');
    const client = await api.db.connect();
    try {
      await client.query('begin');
      const held: Db = { query: client.query.bind(client) as Db['query'], connect: api.db.connect.bind(api.db) };
      const eventId = newId('evt');
      const facts = { channels: [], orderingKey: null, coalesceKey: null, version: null, deliverAt: null, expiresAt: null };
      const event = {
        ...{ ...facts, eventId, externalId: 'late', type: 'order.created', onlyEndpointId: null },
        ...{ body: Buffer.from('{}'), bodyTimestamp: '', contentHash: Buffer.alloc(32) },
      };
      await acceptEvents(held, [{ tenant, events: [event] }], null, api.deps.contents);
      const [delivery = ''] = await planned({ ...api, db: client as unknown as ApiServer['db'] }, tenant, 'late', [endpoint]);
      await client.query(`update deliveries set status = 'dead_lettered' where id = $1`, [uuidOf(delivery)]);

      const after = await missed(endpoint, 'dead_lettered');
      const first = await list(endpoint);
      expect(eventsIn(first)).toEqual([before.event, after.event]);
      expect((await list(endpoint, `?after=${first.cursor}`)).data).toEqual([]);
      const { rows } = await client.query<{ older: boolean }>(
        `select (select position from events where id = $1) < (select e.position from events e join event_ids i on i.event_id = e.id where i.external_id = $2) as older`,
        [uuidOf(eventId), after.event],
      );
      expect(rows).toEqual([{ older: true }]);

      await client.query('commit');
      expect(eventsIn(await list(endpoint, `?after=${first.cursor}`))).toEqual(['late']);
      expect(eventsIn(await list(endpoint))).toEqual([before.event, after.event, 'late']);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('costs no reader a delivery, while several read and deliveries fail in transactions of every length', async () => {
    const endpoint = await makeEndpoint();
    const { body } = await api.post(`/v1/tenants/${tenant}/events/batch`, {
      events: Array.from({ length: 120 }, (_, n) => ({ type: 'a.b', data: n })),
    });
    const ids: string[] = body.results.map(({ id }: { id: string }) => id);
    const deliveries = new Map<string, string>();
    for (const id of ids) deliveries.set(id, (await planned(api, tenant, id, [endpoint]))[0] ?? '');
    let failing = 4;
    const fail = async (writer: number) => {
      const client = await api.db.connect();
      for (let at = writer; at < ids.length; at += 4) {
        await client.query('begin');
        await client.query(`update deliveries set status = 'dead_lettered' where id = $1`, [uuidOf(deliveries.get(ids[at] ?? '') ?? '')]);
        // the commits of the writers overlap in every order
        await client.query('select pg_sleep($1)', [((at * 7) % 5) / 500]);
        await client.query('commit');
      }
      client.release();
      failing--;
    };
    const read = async () => {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const isLast = failing === 0;
        const page = await list(endpoint, `?limit=7${cursor && `&after=${cursor}`}`);
        seen.push(...eventsIn(page));
        cursor = page.cursor;
        if (isLast && page.data.length === 0) return seen;
      }
    };
    const [one, two, three] = await Promise.all([read(), read(), read(), ...[0, 1, 2, 3].map(fail)]);
    expect(one?.toSorted()).toEqual(ids.toSorted());
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });
});

describe('an acknowledgement', () => {
  it('takes everything up to the cursor, once: it is not sent, not listed and no dead letter any more', async () => {
    const endpoint = await makeEndpoint();
    const statuses = ['held', 'retrying', 'dead_lettered', 'quarantined', 'expired'] as const;
    const taken = [];
    for (const status of statuses) taken.push(await missed(endpoint, status));
    const { cursor } = await list(endpoint);
    const later = await missed(endpoint, 'dead_lettered');
    const beyond = await list(endpoint, `?after=${cursor}`);

    expect((await ack(endpoint, cursor)).status).toBe(204);
    for (const { delivery } of taken) {
      expect(await statusOf(delivery)).toBe('succeeded');
      const job = await readDeliveryJob(api.db, delivery);
      expect(job && nextStep(job)).toEqual({ kind: 'finished', status: 'succeeded' });
    }
    expect(await statusOf(later.delivery)).toBe('dead_lettered');
    expect(await list(endpoint)).toEqual(beyond);
    expect((await ack(endpoint, cursor)).status).toBe(204);
    const { body } = await api.get(`/v1/audit-log?tenant=${tenant}&action=endpoint.ack_missed`);
    expect(body.data[0]).toMatchObject({ target: { kind: 'endpoint', id: endpoint }, before: { acked: 0 }, after: { acked: 5, taken: 5 } });
    expect(body.data.filter(({ target }: { target: { id: string } }) => target.id === endpoint)).toHaveLength(1);

    const { body: told } = await api.get(`/v1/tenants/${tenant}/events/${taken[0]?.event}/explain?endpoint=${endpoint}`);
    expect(told.data).toEqual([expect.objectContaining({ code: 'taken', status: 'succeeded' })]);
    // a replay is on purpose: it is sent, and listed again if it fails
    expect((await api.post(`/v1/deliveries/${taken[2]?.delivery}/replay`, {})).status).toBe(202);
    await setStatus(api, taken[2]?.delivery ?? '', 'dead_lettered');
    expect(eventsIn(await list(endpoint))).toEqual([later.event, taken[2]?.event]);
  });

  it('leaves a delivery alone that the consumer cannot have seen', async () => {
    const endpoint = await makeEndpoint();
    await missed(endpoint, 'held');
    const { cursor } = await list(endpoint);
    const unseen = await missed(endpoint, 'held');
    expect((await ack(endpoint, cursor)).status).toBe(204);
    expect(await statusOf(unseen.delivery)).toBe('held');
    expect(eventsIn(await list(endpoint))).toEqual([unseen.event]);
  });

  it('signals the workflows of what it took, and the sweep', async () => {
    const endpoint = await makeEndpoint();
    const { delivery } = await missed(endpoint, 'dead_lettered');
    const before = api.sweeps();
    await ack(endpoint, (await list(endpoint)).cursor);
    const { rows } = await api.db.query('select unsignalled_since is not null as marked from deliveries where id = $1', [uuidOf(delivery)]);
    expect(rows).toEqual([{ marked: true }]);
    expect(api.sweeps()).toBe(before + 1);
  });
});

describe('a wrong cursor', () => {
  it('of another endpoint, or no cursor at all, is refused with the name of the field, and nothing is stored', async () => {
    const [mine, other] = [await makeEndpoint(), await makeEndpoint()];
    const { delivery } = await missed(mine, 'dead_lettered');
    await missed(other, 'dead_lettered');
    const [{ cursor: own }, { cursor: foreign }] = [await list(mine), await list(other)];
    const beyond = Buffer.from(Buffer.from(own, 'base64url').toString().replace(/\d+$/, '9999')).toString('base64url');
    for (const bad of [foreign, beyond, 'x', own.slice(1), Buffer.from('1').toString('base64url')]) {
      const read = await api.get(`/v1/endpoints/${mine}/missed?after=${bad}`);
      expect([read.status, read.body.errors?.[0]?.path], bad).toEqual([422, 'after']);
      const acked = await ack(mine, bad);
      expect([acked.status, acked.body.errors?.[0]?.path], bad).toEqual([422, 'cursor']);
    }
    for (const [body, path] of [
      [{}, 'cursor'],
      [{ cursor: 1 }, 'cursor'],
      [{ cursor: own, more: 1 }, 'more'],
    ] as const) {
      const answer = await api.post(`/v1/endpoints/${mine}/missed/ack`, body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
    }
    for (const query of ['?limit=0', '?include=all', '?since=1']) {
      expect((await api.get(`/v1/endpoints/${mine}/missed${query}`)).status).toBe(422);
    }
    expect(await statusOf(delivery)).toBe('dead_lettered');
    const { rows } = await api.db.query('select acked from missed_lists where endpoint_id = $1', [uuidOf(mine)]);
    expect(rows).toEqual([{ acked: 0 }]);
  });

  it('does not help a caller of another tenant; a portal link reads and acknowledges its own', async () => {
    const endpoint = await makeEndpoint();
    const { delivery } = await missed(endpoint, 'dead_lettered');
    const { body: link } = await api.post('/v1/portal-links', { tenant });
    const portal = createApi(api.origin, link.token);
    const { status, body } = await portal.get(`/v1/endpoints/${endpoint}/missed?include=body`);
    expect([status, body.data[0].delivery]).toEqual([200, delivery]);

    const stranger = await api.makeTenant();
    const { body: other } = await api.post('/v1/portal-links', { tenant: stranger });
    const foreign = createApi(api.origin, other.token);
    expect((await foreign.get(`/v1/endpoints/${endpoint}/missed?after=${body.cursor}`)).status).toBe(404);
    expect((await foreign.post(`/v1/endpoints/${endpoint}/missed/ack`, { cursor: body.cursor })).status).toBe(404);
    expect(await statusOf(delivery)).toBe('dead_lettered');
    expect((await portal.post(`/v1/endpoints/${endpoint}/missed/ack`, { cursor: body.cursor })).status).toBe(204);
    expect(await statusOf(delivery)).toBe('succeeded');
  });
});
