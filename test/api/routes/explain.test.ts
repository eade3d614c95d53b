// Explanations: for each endpoint why it did or did not get an event, from stored data alone.
import { describe, expect, it } from 'vitest';
import { coalescedMessage } from '#domain/deliveries/delivery';
import { judge } from '#domain/events/subscription';
import { EventContent, filterOf } from '#domain/filters/filter';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';

const url = 'http://127.0.0.1:9/hook';
const { api, tenant } = await apiOfFile();

interface Explained {
  endpoint: string;
  code: string;
  message: string;
  status: string | null;
  until: string | null;
  heldBy: string | null;
  advice: string | null;
}

const makeEndpoint = async (more: object = {}) => (await api.makeEndpoint(tenant, url, more)).id;
const sql = (text: string, ...values: unknown[]) => api.db.query(text, values);

async function explained(event: string, of = tenant): Promise<Map<string, Explained>> {
  const { status, body } = await api.get(`/v1/tenants/${of}/events/${event}/explain`);
  expect(status).toBe(200);
  return new Map(body.data.map((one: Explained) => [one.endpoint, one]));
}

/** The explanation of a new event, planned for a new endpoint, after `then`. */
async function toldAfter(more: object, then: (delivery: string, endpoint: string, event: string) => Promise<unknown>): Promise<Explained> {
  const endpoint = await makeEndpoint(more);
  const event = await api.postEvent(tenant);
  const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  await then(delivery, endpoint, event);
  const { body } = await api.get(`/v1/tenants/${tenant}/events/${event}/explain?endpoint=${endpoint}`);
  expect(body.data).toHaveLength(1);
  expect(body.data[0]).toMatchObject({ endpoint, delivery, status: expect.any(String) });
  return body.data[0];
}

const refused = { outcome: 'http_status', message: 'HTTP 503 from api.example.com, 41 ms' } as const;

describe('an endpoint with a delivery', () => {
  it('got it, at which attempt, and that it had to wait while the endpoint was paused', async () => {
    expect(await toldAfter({}, (delivery) => attempted(api, delivery, 1, { message: 'HTTP 200' }))).toMatchObject({
      code: 'delivered',
      status: 'succeeded',
      message: 'The endpoint accepted the event at attempt 1: HTTP 200.',
      advice: null,
    });
    const endpoint = await makeEndpoint();
    await api.post(`/v1/endpoints/${endpoint}/pause`);
    const event = await api.postEvent(tenant);
    const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
    await api.post(`/v1/endpoints/${endpoint}/resume`);
    await attempted(api, delivery, 1, { message: 'HTTP 200' });
    expect((await explained(event)).get(endpoint)?.message).toMatch(/paused when the event was accepted/);
  });

  it('is about to get it, now or later', async () => {
    expect(await toldAfter({}, async () => undefined)).toMatchObject({ code: 'in_progress', status: 'pending', until: null });
    const deliverAt = new Date(Date.now() + 3_600_000).toISOString();
    const endpoint = await makeEndpoint();
    const event = await api.postEvent(tenant, { deliverAt });
    await planned(api, tenant, event, [endpoint]);
    expect((await explained(event)).get(endpoint)).toMatchObject({ code: 'in_progress', until: deliverAt });
  });

  it('is tried again at a time, or was given up, with what to do', async () => {
    expect(await toldAfter({}, (delivery) => attempted(api, delivery, 1, refused))).toMatchObject({
      code: 'retrying',
      status: 'retrying',
      until: expect.stringMatching(/Z$/),
      lastOutcome: 'http_status',
      message: expect.stringMatching(/^Attempt 1 failed \(HTTP 503 from api.example.com, 41 ms\); the next one is due at .*Z\.$/),
      advice: expect.stringMatching(/200 to 299/),
    });
    const spent = async (delivery: string) => {
      await attempted(api, delivery, 1, { ...refused, outcome: 'dns', message: 'no such host' });
      await sql(`update deliveries set status = 'dead_lettered', attempts = 8, next_attempt_at = null where id = $1`, uuidOf(delivery));
    };
    expect(await toldAfter({}, spent)).toMatchObject({
      code: 'dead_lettered',
      until: null,
      message: 'All 8 attempts failed, the last one with: no such host.',
      advice: expect.stringMatching(/DNS records. Then replay/),
    });
    expect(await toldAfter({}, (delivery) => setStatus(api, delivery, 'quarantined'))).toMatchObject({
      code: 'quarantined',
      advice: expect.stringMatching(/operator.*release/),
    });
    expect(await toldAfter({}, (delivery) => setStatus(api, delivery, 'expired'))).toMatchObject({ code: 'expired', status: 'expired' });
  });

  it('had its delivery cancelled, by whom and why', async () => {
    const byKey = await toldAfter({}, (delivery) => api.post(`/v1/deliveries/${delivery}/cancel`, {}));
    expect(byKey).toMatchObject({ code: 'cancelled', message: expect.stringMatching(/^The key from the configuration cancelled .*Z\.$/) });
    const { body: key } = await api.post('/v1/api-keys', { name: 'x', scopes: ['deliveries:act'], tenant });
    const byOther = await toldAfter({}, (delivery) => api.call('POST', `/v1/deliveries/${delivery}/cancel`, {}, { key: key.key }));
    expect(byOther.message).toContain(`API key ${key.id}`);
    const erased = await toldAfter({}, (_, __, event) => api.call('DELETE', `/v1/tenants/${tenant}/events/${event}/content`));
    expect(erased).toMatchObject({ code: 'cancelled', message: expect.stringMatching(/was erased at/) });
    const recalled = await toldAfter({}, (_, __, event) => api.post(`/v1/tenants/${tenant}/events/${event}/recall`, {}));
    expect(recalled).toMatchObject({ code: 'cancelled', message: expect.stringMatching(/was recalled at/) });
    const coalesced = await toldAfter({}, (delivery) =>
      sql(`update deliveries set status = 'cancelled', last_message = $2 where id = $1`, uuidOf(delivery), coalescedMessage),
    );
    expect(coalesced).toMatchObject({ code: 'cancelled', message: expect.stringMatching(/later event/) });
    const deleted = await toldAfter({}, (_, endpoint) => api.call('DELETE', `/v1/endpoints/${endpoint}`));
    expect(deleted).toMatchObject({ code: 'endpoint_deleted', status: 'cancelled', message: expect.stringMatching(/was deleted at/) });
  });

  const lane =
    (state: string, wait: string | null, reason = 'backlog', dueIn: string | null = null) =>
    async (_: string, endpoint: string) =>
      void (await sql(
        `insert into lanes (endpoint_id, tenant_id, parks, reason, state, state_reason, due_at)
       select id, tenant_id, true, $2, $3, $4, now() + $5::interval from endpoints where id = $1
       on conflict (endpoint_id) do update set reason = excluded.reason, state = excluded.state, state_reason = excluded.state_reason, due_at = excluded.due_at`,
        ...[uuidOf(endpoint), reason, state, wait, dueIn],
      ));
  const gate = (gate: string, reason: string) => (_: string, endpoint: string) =>
    sql('update endpoints set gate = $2, gate_reason = $3 where id = $1', uuidOf(endpoint), gate, reason);

  it.each<[heldBy: string, settings: object, then: (delivery: string, endpoint: string) => Promise<unknown>]>([
    ['paused', {}, gate('held', 'paused')],
    ['unverified', {}, gate('held', 'unverified')],
    ['disabled', {}, gate('disabled', 'failed for too long')],
    [
      'retry_after',
      {},
      (_, endpoint) => sql(`update endpoints set not_before = now() + interval '1 hour' where id = $1`, uuidOf(endpoint)),
    ],
    ['circuit_open', {}, lane('blocked', 'circuit_open', 'failing', '5 min')],
    ['blocked_by_dead_letter', { ordering: 'endpoint', onDeadLetter: 'block' }, lane('blocked', 'blocked_by_dead_letter')],
    ['ordering', { ordering: 'endpoint' }, async () => undefined],
    ['rate_limit', { rateLimit: { perSecond: 1 } }, lane('blocked', 'rate')],
    ['batch', { batch: { maxEvents: 10, maxWaitMs: 60_000 } }, async () => undefined],
    ['coalesce', { coalesceMs: 60_000 }, async () => undefined],
    ['cap', {}, lane('awake', null, 'cap')],
    ['backlog', {}, lane('awake', null)],
  ])('is held by: %s', async (heldBy, settings, then) => {
    const told = await toldAfter(settings, async (delivery, endpoint) => {
      await setStatus(api, delivery, 'held');
      await then(delivery, endpoint);
    });
    expect(told).toMatchObject({ code: 'held', status: 'held', heldBy });
    expect(told.message).toMatch(/^[A-Z].*[^.]\.$/);
    if (heldBy === 'retry_after' || heldBy === 'circuit_open') expect(told.until).toMatch(/Z$/);
    if (['paused', 'unverified', 'disabled', 'blocked_by_dead_letter'].includes(heldBy)) expect(told.advice).toMatch(/\.$/);
  });

  it('is held until its next attempt', async () => {
    const told = await toldAfter({}, async (delivery) => {
      await setStatus(api, delivery, 'held');
      await attempted(api, delivery, 1, refused);
    });
    expect(told).toMatchObject({
      code: 'held',
      heldBy: 'backoff',
      until: expect.any(String),
      message: expect.stringMatching(/attempt 1 failed/),
    });
  });
});

describe('an endpoint without a delivery', () => {
  it('waits for one while the event is in the outbox or in a dispatch that is not planned', async () => {
    const endpoint = await makeEndpoint();
    const event = await api.postEvent(tenant);
    expect((await explained(event)).get(endpoint)).toMatchObject({ code: 'in_progress', status: null });
    const { rows } = await sql(
      'delete from outbox where event_id = (select event_id from event_ids where external_id = $1) returning event_id',
      event,
    );
    const dispatch = uuidOf(newId('dsp'));
    await sql('insert into dispatches (id, event_ids) values ($1, $2)', dispatch, [rows[0].event_id]);
    expect((await explained(event)).get(endpoint)).toMatchObject({ code: 'in_progress', status: null });
  });

  it('was changed after the event was accepted and before it was planned', async () => {
    const endpoint = await makeEndpoint();
    const event = await api.postEvent(tenant, { type: 'order.paid' });
    await api.call('PATCH', `/v1/endpoints/${endpoint}`, { eventTypes: ['invoice.*'] });
    await sql('delete from outbox where event_id = (select event_id from event_ids where external_id = $1)', event);
    expect((await explained(event)).get(endpoint)).toMatchObject({ code: 'type_not_subscribed', advice: expect.any(String) });
  });

  it('is told by the same decision as in the event itself', async () => {
    const own = await api.makeTenant();
    const made = async (more: object = {}) => (await api.makeEndpoint(own, url, more)).id;
    const [wanted, typed, channelled, deleted] = [
      await made(),
      await made({ eventTypes: ['invoice.*'] }),
      await made({ channels: ['eu'] }),
      await made(),
    ];
    await api.call('DELETE', `/v1/endpoints/${deleted}`);
    const event = await api.postEvent(own);
    const late = await made();
    await planned(api, own, event, [wanted]);
    await sql('delete from outbox');
    const codes = await explained(event, own);
    const { body } = await api.get(`/v1/tenants/${own}/events/${event}`);
    const verdicts = new Map(body.endpoints.map(({ endpoint, verdict }: { endpoint: string; verdict: string }) => [endpoint, verdict]));
    for (const [endpoint, code, verdict] of [
      [wanted, 'in_progress', 'wanted'],
      [typed, 'type_not_subscribed', 'event_type_not_subscribed'],
      [channelled, 'channel_not_subscribed', 'channel_not_subscribed'],
      [deleted, 'endpoint_deleted', 'deleted'],
      [late, 'created_later', 'created_later'],
    ] as const) {
      expect([codes.get(endpoint)?.code, verdicts.get(endpoint)]).toEqual([code, verdict]);
    }
    await sql(
      'update events set only_endpoint_id = $2 where id = (select event_id from event_ids where external_id = $1)',
      event,
      uuidOf(wanted),
    );
    expect((await explained(event, own)).get(typed)?.code).toBe('meant_for_another');
  });

  it('is refused with the name of what is wrong: an unknown endpoint, no id, another tenant', async () => {
    const event = await api.postEvent(tenant);
    const path = `/v1/tenants/${tenant}/events/${event}/explain`;
    expect(await api.get(`${path}?endpoint=${newId('ep')}`)).toMatchObject({ status: 404, body: { errors: [{ path: 'endpoint' }] } });
    expect((await api.get(`${path}?endpoint=x`)).body.errors).toEqual([expect.objectContaining({ path: 'endpoint' })]);
    expect((await api.get(`/v1/tenants/${tenant}/events/none/explain`)).status).toBe(404);
    const stranger = await api.makeTenant();
    const foreign = await api.makeEndpoint(stranger, url);
    expect((await api.get(`${path}?endpoint=${foreign.id}`)).status).toBe(404);
    expect((await api.get(`/v1/tenants/${stranger}/events/${event}/explain`)).status).toBe(404);
  });
});

describe('1,000 random combinations of endpoints and events', () => {
  const types = ['order.created', 'order.paid', 'invoice.sent', 'order'];
  const patterns = ['order.*', 'order.paid', 'invoice.*', '*', 'order'];
  const channels = ['eu', 'us', 'test'];
  const pick = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)] as T;
  const some = <T>(from: readonly T[]) => from.filter(() => Math.random() < 0.35);
  const filters = [
    null,
    { 'data.amount': { $gte: 2 } },
    { 'data.amount': 1 },
    { 'data.amount': { $ne: 3 }, 'data.tags.*': 'a' },
    { $not: { 'data.tags': { $contains: 'b' } } },
    { $or: [{ type: { $prefix: 'order.' } }, { 'data.amount': { $in: [0, 3] } }] },
  ];
  const subscription = () => ({ eventTypes: some(patterns), channels: some(channels), filter: pick(filters) });

  /** The endpoint as the store has it at this moment. */
  interface Now {
    eventTypes: string[];
    channels: string[];
    filter: object | null;
    deleted: boolean;
  }

  it('are explained as the matcher decided when each event was planned, whatever was changed since', async () => {
    const own = await api.makeTenant();
    const now = new Map<string, Now>();
    const expected = new Map<string, Map<string, string>>();
    const create = async () => {
      const { filter, ...settings } = subscription();
      const { id } = await api.makeEndpoint(own, url, { ...settings, ...(filter && { filter }) });
      now.set(id, { ...settings, filter, deleted: false });
    };
    const change = async () => {
      const [id, one] = pick([...now]);
      if (one.deleted) return;
      const settings = subscription();
      expect((await api.call('PATCH', `/v1/endpoints/${id}`, settings)).status).toBe(200);
      Object.assign(one, settings);
    };
    const remove = async () => {
      const [id, one] = pick([...now]);
      await api.call('DELETE', `/v1/endpoints/${id}`);
      one.deleted = true;
    };
    const post = async () => {
      const event = { type: pick(types), channels: some(channels), data: { amount: pick([0, 1, 2, 3]), tags: some(['a', 'b']) } };
      const id = await api.postEvent(own, event);
      const content = new EventContent(JSON.stringify(event));
      const judged = ({ eventTypes, channels: wanted, filter }: Now) =>
        judge({ eventTypes, channels: wanted, filter: filterOf(filter && JSON.stringify(filter)) }, { ...event, content });
      const wanted = [...now].filter(([, one]) => !one.deleted && judged(one) === 'wanted').map(([endpoint]) => endpoint);
      for (const delivery of await planned(api, own, id, wanted)) await attempted(api, delivery, 1, {});
      await sql('delete from outbox');
      const codes = [...now].map(([endpoint, one]): [string, string] => {
        const verdict = judged(one).replace('event_type', 'type');
        return [endpoint, one.deleted ? 'endpoint_deleted' : verdict === 'wanted' ? 'delivered' : verdict];
      });
      expected.set(id, new Map(codes));
    };
    for (let made = 0; made < 15; made++) await create();
    while (expected.size < 40 || now.size < 25) await pick([create, change, change, remove, post, post, post])();

    let combinations = 0;
    const found = new Set<string>();
    for (const [event, codes] of expected) {
      for (const [endpoint, { code }] of await explained(event, own)) {
        expect(code, `${event} ${endpoint}`).toBe(codes.get(endpoint) ?? 'created_later');
        found.add(code);
        combinations++;
      }
    }
    expect(combinations).toBeGreaterThanOrEqual(1_000);
    expect(found).toEqual(
      new Set(['delivered', 'type_not_subscribed', 'channel_not_subscribed', 'filter_not_matched', 'created_later', 'endpoint_deleted']),
    );
  });
});
