// The client against a real Posthorn: each resource, lists, the live stream, missed events and exports.
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { testApiKey } from '../../../test/support/posthorn.ts';
import { type Receiver, startReceiver } from '../../../test/support/receiver.ts';
import { withPosthorn } from '../../../test/support/shared-posthorn.ts';
import { until } from '../../../test/support/until.ts';
import { type Change, type MissedEvent, Posthorn, PosthornProblem, rawJson } from '../src/index.ts';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const clientOf = ({ origin }: { origin: string }, apiKey = testApiKey) => new Posthorn({ url: origin, apiKey });
const newTenant = async (posthorn: Posthorn) => (await posthorn.tenants.create({ name: 'Acme' })).id;

describe('the client', () => {
  withPosthorn('walks an event from the tenant to its replay', async ({ posthorn: server }) => {
    const posthorn = clientOf(server);
    const { id: tenant } = await posthorn.tenants.create({ id: `client-${Date.now()}`, name: 'Acme', metadata: { plan: 'gold' } });
    expect(await posthorn.tenants.update(tenant, { name: 'Acme Ltd' })).toMatchObject({ name: 'Acme Ltd', metadata: { plan: 'gold' } });
    expect((await posthorn.tenants.get(tenant)).name).toBe('Acme Ltd');
    const { id: endpoint, secret } = await posthorn.endpoints.create(tenant, { url: `${receiver.url}/walk`, eventTypes: ['order.*'] });
    expect(secret).toMatch(/^whsec_/);

    const sent = await posthorn.events.send(tenant, { type: 'order.created', data: rawJson('{"amount":12345678901234567890}') });
    await until('the request', () => receiver.of(sent.id).length === 1);
    expect(receiver.of(sent.id)[0]?.body.toString()).toContain('"data":{"amount":12345678901234567890}}');
    const delivery = await until('the delivery', async () => {
      const [one] = await posthorn.deliveries.list({ tenant, endpoint, status: ['succeeded', 'dead_lettered'] }).toArray();
      return one;
    });
    expect(await posthorn.deliveries.get(delivery.id)).toMatchObject({ event: sent.id, status: 'succeeded', endpoint });
    expect(await posthorn.deliveries.attempts(delivery.id).toArray()).toMatchObject([{ outcome: 'accepted', status: 204 }]);
    expect((await posthorn.events.get(tenant, sent.id)).deliveries).toMatchObject([{ id: delivery.id }]);
    expect((await posthorn.events.list(tenant).page()).data).toMatchObject([{ id: sent.id, type: 'order.created' }]);
    for await (const { code } of posthorn.events.explain(tenant, sent.id)) expect(code).toBe('delivered');

    expect(await posthorn.deliveries.replay(delivery.id, { reason: 'a test' })).toMatchObject({ round: 2 });
    await until('the replay', () => receiver.of(sent.id).length === 2);
    const [entry] = await posthorn.auditLog.list({ tenant, action: 'delivery.replay' }).toArray(1);
    expect(entry).toMatchObject({ target: { id: delivery.id } });
    await posthorn.endpoints.delete(endpoint);
    await posthorn.tenants.delete(tenant);
    expect(await posthorn.tenants.get(tenant).catch((error) => [error instanceof PosthornProblem, error.status])).toEqual([true, 404]);
  });

  withPosthorn('lists page by page, from the newest on, as often as it is asked', async ({ posthorn: server }) => {
    const posthorn = clientOf(server);
    const tenant = await newTenant(posthorn);
    const results = await posthorn.events.sendBatch(
      tenant,
      Array.from({ length: 7 }, (_, n) => ({ id: `page-${n}`, type: 'a.b', data: n })),
    );
    expect(results.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `page-${n}`));
    const events = posthorn.events.list(tenant, { limit: 3 });
    const ids = (await events.toArray()).map(({ id }) => id);
    expect(ids).toHaveLength(7);
    expect(new Set(ids)).toEqual(new Set(results.map(({ id }) => id)));
    expect((await events.toArray()).map(({ id }) => id)).toEqual(ids);
    expect(await events.toArray(4)).toHaveLength(4);
    const sizes: number[] = [];
    for await (const { data } of events.pages()) sizes.push(data.length);
    expect(sizes).toEqual([3, 3, 1]);
    const second = await posthorn.events.list(tenant, { limit: 3, cursor: (await events.page()).nextCursor ?? '' }).toArray();
    expect(second.map(({ id }) => id)).toEqual(ids.slice(3));
    const [again] = await posthorn.events.sendBatch(tenant, [{ id: 'page-0', type: 'a.b', data: 'other' }]);
    expect(again).toMatchObject({ id: 'page-0', conflict: true });
    expect(await posthorn.events.sendBatch(tenant, [])).toEqual([]);
  });

  withPosthorn('has problems with the invalid fields', async ({ posthorn: server }) => {
    const posthorn = clientOf(server);
    const tenant = await newTenant(posthorn);
    const refused = await posthorn.endpoints.create(tenant, { url: 'http://10.0.0.1/' }).catch((error: PosthornProblem) => error);
    expect(refused).toMatchObject({ name: 'PosthornProblem', status: 422, errors: [{ path: 'url' }], requestId: expect.any(String) });
    const unknown = await clientOf(server, 'phk_wrong')
      .tenants.get(tenant)
      .catch((error: PosthornProblem) => error);
    expect(unknown).toMatchObject({ status: 401, title: 'Unauthorized' });
  });

  withPosthorn('consumes what an endpoint missed, once, oldest first, and goes on where it failed', async ({ posthorn: server }) => {
    const posthorn = clientOf(server);
    const tenant = await newTenant(posthorn);
    const { id: endpoint } = await posthorn.endpoints.create(tenant, { url: `${receiver.url}/paused` });
    await posthorn.endpoints.pause(endpoint);
    for (let n = 0; n < 5; n++) await posthorn.events.send(tenant, { id: `missed-${n}-${tenant}`, type: 'a.b', data: n });
    await until('they are listed', async () => (await posthorn.missed.list(endpoint)).data.length === 5);

    const got: unknown[] = [];
    const take = ({ body }: MissedEvent) => void got.push(body?.data);
    const failing = posthorn.missed.consume(endpoint, (event) => {
      if (event.body?.data === 2) throw new Error('not today');
      take(event);
    });
    await expect(failing).rejects.toThrow('not today');
    expect(got).toEqual([0, 1]);
    expect((await posthorn.missed.list(endpoint)).data.map(({ event }) => event)).toEqual([2, 3, 4].map((n) => `missed-${n}-${tenant}`));
    expect(await posthorn.missed.consume(endpoint, take, { limit: 2 })).toBe(3);
    expect([got, await posthorn.missed.consume(endpoint, take)]).toEqual([[0, 1, 2, 3, 4], 0]);
    expect(receiver.requests.filter(({ path }) => path === '/paused')).toEqual([]);

    const stop = new AbortController();
    const polling = posthorn.missed.consume(endpoint, take, { pollMs: 20, signal: stop.signal });
    await posthorn.events.send(tenant, { type: 'a.b', data: 'later' });
    await until('it is polled', () => got.includes('later'));
    stop.abort(new Error('stopped'));
    await expect(polling).rejects.toThrow('stopped');
  });

  withPosthorn('streams changes, and goes on after the server has ended a stream', async ({ posthorn: server }) => {
    let connections = 0;
    const seenIds: (string | null)[] = [];
    const posthorn = new Posthorn({
      url: server.origin,
      apiKey: testApiKey,
      async fetch(url, init) {
        if (!url.includes('/v1/stream')) return fetch(url, init);
        seenIds.push(new Headers(init.headers).get('last-event-id'));
        const answer = await fetch(url, init);
        // the first connection breaks off after its first event
        return ++connections === 1 ? new Response(firstPieces(answer.body as ReadableStream<Uint8Array>), answer) : answer;
      },
    });
    const tenant = await newTenant(posthorn);
    await posthorn.endpoints.create(tenant, { url: `${receiver.url}/stream` });
    const stop = new AbortController();
    const changes: Change[] = [];
    const reading = (async () => {
      for await (const change of posthorn.stream({ tenant, kind: ['delivery'] }, { signal: stop.signal })) changes.push(change);
    })();
    await until('the connection', () => connections === 1);
    const send = async () => (await posthorn.events.send(tenant, { type: 'a.b', data: 1 })).id;
    const sawEvent = (id: string) =>
      changes.some(({ kind, data }) => kind === 'delivery' && data.event === id && data.status === 'succeeded');
    const first = await send();
    await until('the second connection', () => connections === 2);
    const second = await send();
    await until('both events', () => sawEvent(first) && sawEvent(second));
    expect(seenIds).toEqual([null, expect.any(String)]);
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  withPosthorn(
    'runs replay jobs, reads statistics, exports, and manages keys, links, alerts and channels',
    async ({ posthorn: server }) => {
      const posthorn = clientOf(server);
      const tenant = await newTenant(posthorn);
      const since = new Date(Date.now() - 60_000).toISOString();
      expect(await posthorn.replays.dryRun({ tenant, since })).toEqual({ matched: 0, endpoints: 0, tenants: 0 });
      const job = await posthorn.replays.create({ tenant, since, perSecond: 5 });
      const states: string[] = [];
      for await (const { status } of posthorn.replays.watch(job.id, { everyMs: 20 })) states.push(status);
      expect(states.at(-1)).toBe('done');
      expect((await posthorn.replays.list({ tenant, status: ['done'] }).toArray()).map(({ id }) => id)).toEqual([job.id]);

      const key = await posthorn.apiKeys.create({ name: 'worker', scopes: ['events:write'], tenant });
      expect(await clientOf(server, key.key).events.send(tenant, { type: 'a.b', data: null })).toMatchObject({ duplicate: false });
      expect(
        await clientOf(server, key.key)
          .events.list(tenant)
          .page()
          .catch((error: PosthornProblem) => error.status),
      ).toBe(403);
      await posthorn.apiKeys.revoke(key.id);
      const link = await posthorn.portalLinks.create({ tenant, expiresIn: '5m' });
      expect(await clientOf(server, link.token).endpoints.list(tenant).toArray()).toEqual([]);
      await posthorn.portalLinks.revoke(link.id);
      expect((await posthorn.portalLinks.list({ tenant }).toArray())[0]?.revokedAt).not.toBeNull();

      const channel = await posthorn.alertChannels.create({
        tenant,
        kind: 'slack',
        settings: { url: 'https://hooks.slack.com/services/T0/B0/x' },
      });
      expect(await posthorn.alertChannels.update(channel.id, { minSeverity: 'critical' })).toMatchObject({ minSeverity: 'critical' });
      await posthorn.alertChannels.delete(channel.id);
      expect(await posthorn.alerts.list({ tenant }).toArray()).toEqual([]);

      expect((await posthorn.tenants.stats(tenant, { window: '1h' })).totals).toMatchObject({ held: 0 });
      expect(await posthorn.status()).toHaveProperty('workers');
      expect(await posthorn.meta()).toHaveProperty('version');
      const lines: string[] = [];
      for await (const line of posthorn.auditLog.export({ tenant, format: 'ndjson' })) lines.push(JSON.parse(line).action);
      expect(lines).toEqual(expect.arrayContaining(['tenant.create', 'api_key.create', 'alert_channel.delete']));
      for await (const line of posthorn.deliveries.export({ tenant, format: 'csv' })) expect(line).toContain('cursor');
    },
  );
});

/** The body up to its first event with data, after which the connection breaks. */
function firstPieces(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { value = new Uint8Array() } = await reader.read();
      controller.enqueue(value);
      if (!new TextDecoder().decode(value).includes('data:')) return;
      await reader.cancel();
      controller.error(new TypeError('terminated'));
    },
  });
}
