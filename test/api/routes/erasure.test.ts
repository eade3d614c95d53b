// Erasure: content is removed from every table, the record of the event stays, and nothing erased
// is sent.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { finishErasures } from '#db/events/erase-subject';
import { askToErase, subjectErased, unfinishedErasures } from '#db/events/erasure';
import { subjectHash } from '#db/events/event-encryption';
import { takeOutboxRows } from '#db/events/outbox';
import { readEventToPlan } from '#db/events/plan';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';

const url = 'http://127.0.0.1:9/hook';
let api: ApiServer;
let tenant: string;
beforeAll(async () => {
  api = await startApi({ logLevel: 'debug' });
  tenant = await api.makeTenant();
});
afterAll(() => api?.close());

const erase = (path: string) => api.call('DELETE', `/v1/tenants/${tenant}/${path}/content`);
const read = async (event: string) => (await api.get(`/v1/tenants/${tenant}/events/${event}`)).body;

async function rowOf(event: string) {
  const { rows } = await api.db.query(
    'select e.id, body, subject_hash, erased_at from events e join event_ids i on i.event_id = e.id where i.external_id = $1',
    [event],
  );
  return { ...rows[0], eventId: idOf('evt', rows[0].id) };
}

/** An event that is planned for a number of endpoints. */
async function sent(endpoints: number, more: object = {}): Promise<{ event: string; ids: string[] }> {
  const event = await api.postEvent(tenant, { data: { name: 'canary' }, ...more });
  const made = await Promise.all(Array.from({ length: endpoints }, () => api.makeEndpoint(tenant, url)));
  const ids = await planned(
    api,
    tenant,
    event,
    made.map(({ id }) => id),
  );
  return { event, ids };
}

/** Endpoints whose lanes `finish` has signalled. */
const told: string[] = [];
const finish = () =>
  finishErasures(
    api.db,
    () => undefined,
    async (endpointId) => void told.push(endpointId),
  );

const answered = {
  statusCode: 200,
  headers: [['x-echo', 'canary']] as [string, string][],
  bodyStart: Buffer.from('canary'),
  bodyTruncated: false,
};

describe('erasing an event', () => {
  it('removes its data and the stored answers, cancels unfinished deliveries, and keeps the record', async () => {
    const { event, ids } = await sent(4);
    const [first = '', second = '', third = '', fourth = ''] = ids;
    await attempted(api, first, 1, { response: answered });
    await setStatus(api, third, 'dead_lettered');
    await setStatus(api, fourth, 'held');
    expect((await api.attemptsOf(first))[0]).toMatchObject({ headers: [['x-echo', 'canary']], body: 'canary' });
    const before = await read(event);
    expect(before).toMatchObject({ data: { name: 'canary' }, erasedAt: null });

    expect((await erase(`events/${event}`)).status).toBe(204);
    const after = await read(event);
    expect(after).toMatchObject({ id: event, type: before.type, acceptedAt: before.acceptedAt, data: null, erasedAt: expect.any(String) });
    const statuses = await Promise.all(
      [first, second, third, fourth].map(async (id) => (await api.get(`/v1/deliveries/${id}`)).body.status),
    );
    expect(statuses).toEqual(['succeeded', 'cancelled', 'cancelled', 'cancelled']);
    expect((await api.attemptsOf(first))[0]).toMatchObject({ outcome: 'accepted', headers: [], body: null });

    expect((await erase(`events/${event}`)).status).toBe(204);
    expect((await read(event)).erasedAt).toBe(after.erasedAt);
    expect((await api.post(`/v1/deliveries/${first}/replay`)).status).toBe(409);
    expect((await erase('events/none')).status).toBe(404);
    const entries = await api.db.query(`select target_kind, target_id from posthorn_audit.audit_log where action = 'event.erase'`);
    expect(entries.rows).toEqual([{ target_kind: 'event', target_id: event }]);
    // posting the same event again is still a duplicate
    const again = { id: event, type: 'order.created', data: { name: 'canary' } };
    expect((await api.post(`/v1/tenants/${tenant}/events`, again)).body.duplicate).toBe(true);
  });

  it('prevents deliveries that are planned or attempted later from being sent', async () => {
    const { event, ids } = await sent(1);
    const { eventId } = await rowOf(event);
    await erase(`events/${event}`);
    // as if a relay had written it just now
    await api.db.query(`update deliveries set status = 'pending', next_attempt_at = now() where id = $1`, [uuidOf(ids[0] ?? '')]);
    expect(await readDeliveryJob(api.db, ids[0] ?? '')).toMatchObject({ expired: true });
    expect((await readEventToPlan(api.db, eventId))?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now());
    const relay = newId('rly');
    await api.db.query(`insert into relays (id, process) values ($1, 'test')`, [uuidOf(relay)]);
    const owned = (await takeOutboxRows(api.db, relay, { except: [], afterTenant: null, limit: 100 })).find(
      (one) => one.eventId === eventId,
    );
    expect(owned).toMatchObject({ body: Buffer.alloc(0) });
    expect(owned?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now());
    await attempted(api, ids[0] ?? '', 1, { outcome: 'http_status', response: answered });
    await finish();
    expect((await api.attemptsOf(ids[0] ?? ''))[0]).toMatchObject({ body: null, headers: [] });
    expect((await api.get(`/v1/deliveries/${ids[0]}`)).body.status).toBe('cancelled');
  });

  it('is repeated after any outage, and while a relay or a dispatch still holds the event', async () => {
    const { event, ids } = await sent(1);
    const { eventId } = await rowOf(event);
    await erase(`events/${event}`);
    await api.db.query(`update events set erased_at = now() - interval '3 weeks' where id = $1`, [uuidOf(eventId)]);
    const bodyAfter = async (number: number) => {
      await attempted(api, ids[0] ?? '', number, { outcome: 'http_status', response: answered });
      await finish();
      const attempt = (await api.attemptsOf(ids[0] ?? '')).find((one) => one.number === number);
      return (attempt as { body?: unknown } | undefined)?.body;
    };
    // in the outbox
    expect([await bodyAfter(1), await bodyAfter(2)]).toEqual([null, null]);
    const dispatch = uuidOf(newId('dsp'));
    await api.db.query('delete from outbox where event_id = $1', [uuidOf(eventId)]);
    await api.db.query('insert into dispatches (id, event_ids) values ($1, array[$2::uuid])', [dispatch, uuidOf(eventId)]);
    expect([await bodyAfter(3), await bodyAfter(4)]).toEqual([null, null]);
    await api.db.query('update dispatches set done_at = now() where id = $1', [dispatch]);
    expect(await bodyAfter(5)).toBeNull();
    // nothing can have written this one: the erasure has ended
    expect(await bodyAfter(6)).toBe('canary');
  });

  it('removes the answer to a batch, even if it is stored with another event', async () => {
    const [one, other] = await Promise.all([sent(1), sent(1)]);
    const batchId = newId('bat');
    await attempted(api, other.ids[0] ?? '', 1, { response: answered }, batchId);
    const withoutAnswer = { ...answered, headers: [], bodyStart: Buffer.alloc(0) };
    await attempted(api, one.ids[0] ?? '', 1, { response: withoutAnswer }, batchId);
    expect((await api.attemptsOf(one.ids[0] ?? ''))[0]).toMatchObject({ status: 200, headers: [], body: null });
    const answerOf = async () => (await api.attemptsOf(other.ids[0] ?? ''))[0];
    expect(await answerOf()).toMatchObject({ body: 'canary' });
    // it was sent in another batch since
    await api.db.query('update deliveries set batch_id = null where id = $1', [uuidOf(one.ids[0] ?? '')]);
    await erase(`events/${one.event}`);
    expect(await answerOf()).toMatchObject({ status: 200, headers: [], body: null });
    expect((await read(other.event)).erasedAt).toBeNull();
  });

  it('leaves no bytes in the table after a vacuum', async () => {
    const event = await api.postEvent(tenant, { data: { blob: randomBytes(3_000).toString('hex') } });
    const { id, body } = await rowOf(event);
    const needle = body.subarray(40, 100).toString('hex');
    const { rows } = await api.db.query(`select tableoid::regclass::text as name from events where id = $1`, [id]);
    const table = rows[0].name;
    await api.db.query('create extension if not exists pageinspect');
    const pages = async () =>
      (
        await api.db.query(
          `with relations as (select c.oid::regclass as heap, nullif(c.reltoastrelid, 0)::regclass as toast from pg_class c where c.oid = $1::regclass)
           select count(*)::int as n from relations, unnest(array[heap, toast]) as r (name),
             generate_series(0, pg_relation_size(name) / 8192 - 1) as page
           where position(decode($2, 'hex') in get_raw_page(name::text, page::int)) > 0`,
          [table, needle],
        )
      ).rows[0].n;
    expect(await pages()).toBeGreaterThan(0);
    await erase(`events/${event}`);
    await api.db.query(`vacuum ${table}`);
    expect(await pages()).toBe(0);
  });
});

describe('erasing a subject', () => {
  it('erases all its events of this tenant and no others, and does not reveal the subject', async () => {
    const subject = 'jane@example.com';
    const other = await api.makeTenant();
    const mine = await Promise.all([1, 2, 3].map(() => api.postEvent(tenant, { subject, data: 'canary' })));
    const others = [await api.postEvent(tenant, { subject: 'joe', data: 1 }), await api.postEvent(tenant, { data: 1 })];
    const elsewhere = await api.postEvent(other, { subject, data: 1 });
    expect((await rowOf(mine[0] ?? '')).subject_hash).not.toEqual((await rowOf(elsewhere)).subject_hash);
    const answer = await erase(`subjects/${encodeURIComponent(subject)}`);
    expect([answer.status, answer.body]).toEqual([200, { erased: 3, complete: true }]);
    for (const event of mine) expect(await rowOf(event)).toMatchObject({ body: Buffer.alloc(0), subject_hash: null });
    for (const event of others) expect((await read(event)).data).toBe(1);
    expect((await rowOf(elsewhere)).erased_at).toBeNull();
    expect((await erase(`subjects/${encodeURIComponent(subject)}`)).body).toEqual({ erased: 0, complete: true });
    const written = encodeURIComponent(subject);
    for (const path of [`Subjects/${written}/content`, `SUBJECTS/${written}/content`])
      expect((await api.call('DELETE', `/v1/tenants/${tenant}/${path}`)).status).toBe(404);
    expect(JSON.stringify(api.logLines)).not.toMatch(/jane/);
    const said = JSON.stringify((await api.db.query(`select * from posthorn_audit.audit_log where target_kind = 'subject'`)).rows);
    expect(said).toContain('event.erase');
    expect(said).not.toContain('jane');
  });

  it('is finished by upkeep if the process that started it crashed', async () => {
    const event = await api.postEvent(tenant, { subject: 'half-done', data: 'canary' });
    const { rows } = await api.db.query('select id from tenants where external_id = $1', [tenant]);
    const hash = subjectHash(await api.deps.contents.hasher(), tenant, 'half-done');
    const of = { tenantId: idOf('tnt', rows[0].id), subjectHash: hash };
    const order = await askToErase(api.db, of);
    // an event posted after the erasure was ordered is new, whenever the erasure runs
    const { event: later, ids } = await sent(1, { subject: 'half-done' });
    await setStatus(api, ids[0] ?? '', 'dead_lettered');
    told.length = 0;
    expect(await finish()).toBe(1);
    expect(await unfinishedErasures(api.db, 10)).toEqual([]);
    expect((await read(event)).erasedAt).not.toBeNull();
    expect((await read(later)).erasedAt).toBeNull();
    // a second erasure covers all events up to then, and is not ended by the end of the first
    await askToErase(api.db, of);
    await subjectErased(api.db, order);
    expect(await unfinishedErasures(api.db, 10)).toHaveLength(1);
    expect(await finish()).toBe(1);
    expect((await read(later)).erasedAt).not.toBeNull();
    // the erased dead letter may have blocked its lane
    expect(told).toContain((await api.get(`/v1/deliveries/${ids[0]}`)).body.endpoint);
    // however many there are
    await api.db.query(
      `insert into erasures (tenant_id, subject_hash) select $1, decode(md5(n::text), 'hex') from generate_series(1, 101) n`,
      [uuidOf(of.tenantId)],
    );
    await finish();
    expect(await unfinishedErasures(api.db, 10)).toEqual([]);
  });
});
