// The main flow over HTTP: an event is posted, signed requests are sent, in every state and with
// every command.
import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, it } from 'vitest';
import { bodyFormats } from '#domain/events/body-format';
import type { TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;

withPosthorn.beforeAll(async ({ posthorn: shared }) => {
  posthorn = shared;
  receiver = await startReceiver();
  tenant = await posthorn.makeTenant();
});

afterAll(() => receiver?.close());

const delivery = async (eventId: string, status: string) =>
  until(`${eventId} ${status}`, async () => (await posthorn.deliveriesOf(tenant, eventId)).find((row) => row.status === status));

describe('an event', () => {
  it('arrives once, signed, with the same content that the producer posted', async () => {
    const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/plain`, { eventTypes: ['big.*'], headers: { 'x-shop': 'eu' } });
    const raw =
      '{"type":"big.number","data":{"n":12345678901234567890.10,"s":"\\u00e9 é \\u0000"},"id":"big-1","occurredAt":"2026-01-02T03:04:05Z"}';
    expect((await posthorn.post(`/v1/tenants/${tenant}/events`, undefined, { raw })).body).toEqual({ id: 'big-1', duplicate: false });
    const { id } = await delivery('big-1', 'succeeded');
    const [request, ...more] = receiver.of('big-1');
    expect(more).toEqual([]);
    expect(request?.body.toString()).toBe(
      '{"type":"big.number","timestamp":"2026-01-02T03:04:05.000Z","data":{"n":12345678901234567890.10,"s":"\\u00e9 é \\u0000"}}',
    );
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'posthorn-delivery': id,
      'posthorn-attempt': '1',
      'x-shop': 'eu',
    });
    expect(request?.headers['user-agent']).toMatch(/^Posthorn\/\d/);
    new Webhook(endpoint.secret).verify(request?.body ?? '', request?.headers ?? {});
  });

  it('arrives signed in every format, with the same bytes in a retry; a change of format counts at the next attempt', async () => {
    const bodies = new Map<string, string[]>();
    for (const format of bodyFormats) {
      const made = await posthorn.makeEndpoint(tenant, `${receiver.url}/as-${format}`, {
        eventTypes: ['in.format'],
        format,
        retry: { schedule: ['100ms', '1h', '1h'] },
      });
      receiver.answer(`/as-${format}`, ({ headers, body }, response, count) => {
        const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
        expect(headers['webhook-signature']).toBe(new Webhook(made.secret).sign(headers['webhook-id'] ?? '', at, body.toString()));
        bodies.set(made.id, [...(bodies.get(made.id) ?? []), `${headers['content-type']} ${body}`]);
        response.writeHead(count < 3 ? 500 : 204).end();
      });
    }
    const id = await posthorn.postEvent(tenant, { type: 'in.format', data: { n: 1.5, of: ['ü'] } });
    const settled = async (attempts: number) => {
      const rows = await posthorn.deliveriesOf(tenant, id);
      return rows.length === bodyFormats.length && rows.every((row) => row.attempts === attempts) ? rows : null;
    };
    const rows = await until('two attempts of each', () => settled(2));
    for (const [first, second] of bodies.values()) expect(second).toBe(first);
    expect(new Set([...bodies.values()].map(([first]) => first)).size).toBe(bodyFormats.length - 1);
    await Promise.all(rows.map(({ endpoint }) => posthorn.call('PATCH', `/v1/endpoints/${endpoint}`, { format: 'raw' })));
    await Promise.all(rows.map((row) => posthorn.post(`/v1/deliveries/${row.id}/retry-now`)));
    await until('the third of each', () => settled(3));
    expect([...bodies.values()].map((each) => each[2])).toEqual(bodyFormats.map(() => 'application/json {"n":1.5,"of":["ü"]}'));
  });

  it('is retried at the scheduled times until it is accepted', async () => {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/twice`, {
      eventTypes: ['retry.me'],
      retry: { schedule: ['400ms', '800ms', '1h'] },
    });
    receiver.answer('/twice', [500, 500, 200]);
    const id = await posthorn.postEvent(tenant, { type: 'retry.me' });
    const row = await delivery(id, 'succeeded');
    expect(row.attempts).toBe(3);
    const [first, second, third] = receiver.of(id);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(360);
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(720);
    const attempts = await posthorn.attemptsOf(row.id);
    expect(attempts.map(({ number, outcome }) => [number, outcome]).sort()).toEqual([
      [1, 'http_status'],
      [2, 'http_status'],
      [3, 'accepted'],
    ]);
  });

  it('is dead-lettered when its schedule is used up, and a replay signal delivers it', async () => {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/down`, { eventTypes: ['dead.letter'], retry: { schedule: ['100ms'] } });
    receiver.answer('/down', [500]);
    const id = await posthorn.postEvent(tenant, { type: 'dead.letter' });
    const row = await delivery(id, 'dead_lettered');
    expect(receiver.of(id)).toHaveLength(2);
    const handle = posthorn.temporal.workflow.getHandle(row.workflowId ?? '');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    receiver.answer('/down', [200]);
    await handle.signal('replay');
    expect(await delivery(id, 'succeeded')).toMatchObject({ round: 2, attempts: 1 });
    expect(await handle.result()).toBe('succeeded');
  });
});
