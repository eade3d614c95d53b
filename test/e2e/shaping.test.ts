// A delivery is bound to the transform with which it was planned: its retries and replays send the same bytes, whatever
// happens to the endpoint. What the presets make arrives at real receivers as their makers document it.
import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { adaptiveCardMessage, discordMessage, pagerDutyEvent, slackMessage } from '../support/chat-schemas.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const change = (sent: Sent, more: object) => stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, more);
const bodies = (sent: Sent) => sent.requests().map(({ body }) => body.toString());
const number = '12345678901234567890.10';
/** `data` with a number that JSON.parse would round. */
const event = { data: { orderId: '1001' } };

describe.concurrent('a preset', () => {
  const routingKey = 'R0123456789012345678901234567890';
  it.concurrent.each<[string, object, z.ZodType, number]>([
    ['slack', { title: 'Order {{data.orderId}}', fields: [{ label: 'Id', value: '{{data.orderId}}' }] }, slackMessage, 200],
    ['discord', { text: 'Order {{data.orderId}}' }, discordMessage, 204],
    ['teams', { text: 'Order {{data.orderId}}', link: 'https://shop.example.com/{{data.orderId}}' }, adaptiveCardMessage, 202],
    ['pagerduty', { routingKey, summary: 'Order {{data.orderId}}' }, pagerDutyEvent, 202],
  ])('%s sends what its receiver documents', async (preset, more, schema, status) => {
    const sent = await stage.send({
      until: 'succeeded',
      endpoint: { transform: { preset, ...more } },
      event,
      answer(request, response) {
        const { success } = schema.safeParse(JSON.parse(request.body.toString()));
        response.writeHead(success && request.headers['content-type'] === 'application/json' ? status : 400).end();
      },
    });
    const [request] = sent.requests();
    expect(request?.body.toString()).toContain('Order 1001');
    expect(() => new Webhook(sent.endpoint.secret).verify(request?.body ?? '', request?.headers ?? {})).not.toThrow();
  });
});

describe.concurrent('every attempt of a delivery sends the same bytes', () => {
  const template = { order: { $path: 'data.orderId' }, sum: { $path: 'data.sum' }, note: '{{type}} {{id}}' };

  async function postExact(sent: Sent): Promise<string> {
    const raw = `{"type":"${sent.type}","data":{"orderId":"1001","sum":${number}}}`;
    return (await stage.posthorn.post(`/v1/tenants/${stage.tenant}/events`, undefined, { raw })).body.id;
  }

  it('of a retry and a replay, after the transform was changed and removed', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 500, 204], endpoint: { transform: { template } }, event });
    expect((await change(sent, { transform: { template: 'other' } })).status).toBe(200);
    await sent.command('retry-now');
    await until('the retry', () => sent.requests().length === 2);
    expect((await change(sent, { transform: null, format: 'xml' })).status).toBe(200);
    await until('the third attempt', async () => {
      if ((await sent.row()).status !== 'succeeded') await sent.command('retry-now');
      return sent.requests().length === 3;
    });
    await sent.reach('succeeded or retrying');
    await until('it to be recorded', async () => (await sent.row()).status === 'succeeded');
    await sent.command('replay');
    await until('the replay', () => sent.requests().length === 4);
    expect(bodies(sent)).toEqual(Array(4).fill(`{"order":"1001","sum":null,"note":"${sent.type} ${sent.eventId}"}`));
    const types = sent.requests().map(({ headers }) => headers['content-type']);
    expect(new Set(types)).toEqual(new Set(['application/json']));
    // a later event gets what the endpoint is now
    sent.answer([204]);
    const next = await sent.again('succeeded');
    expect(next.requests()[0]?.headers['content-type']).toMatch(/xml/);
  });

  it('as a transform had written them, with its numbers', async () => {
    const sent = await stage.send({ until: 'succeeded', endpoint: { transform: { template } } });
    const eventId = await postExact(sent);
    const [request] = await until('the request', () => (stage.receiver.of(eventId).length > 0 ? stage.receiver.of(eventId) : null));
    expect(request?.body.toString()).toBe(`{"order":"1001","sum":${number},"note":"${sent.type} ${eventId}"}`);
  });

  it('of what was planned before the endpoint had a transform', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 204], event });
    await change(sent, { transform: { template } });
    await sent.command('retry-now');
    await until('the retry', () => sent.requests().length === 2);
    expect(new Set(bodies(sent)).size).toBe(1);
    expect(JSON.parse(bodies(sent)[0] ?? '').data).toEqual(event.data);
  });

  it('of what its lane sends, in the order of their binding; and not in a batch', async () => {
    const sent = await stage.send({ until: 'succeeded', endpoint: { transform: { template } }, event });
    const pause = (action: string) => stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/${action}`);
    await pause('pause');
    const [first, second] = [await sent.again('held', event), await sent.again('held', event)];
    await change(sent, { transform: null, batch: { maxEvents: 2, maxWaitMs: 100 } });
    const [third, fourth] = [await sent.again('held', event), await sent.again('held', event)];
    await pause('resume');
    await Promise.all(
      [first, second, third, fourth].map((one) =>
        one.reach('held or succeeded').then(() => until('it', async () => (await one.row()).status === 'succeeded')),
      ),
    );
    for (const one of [first, second]) expect(bodies(one)).toEqual([`{"order":"1001","sum":null,"note":"${one.type} ${one.eventId}"}`]);
    const batches = stage.receiver.requests.filter(({ path, headers }) => path === sent.path && headers['posthorn-batch'] !== undefined);
    expect(
      batches
        .flatMap(({ body }) => JSON.parse(body.toString()))
        .map(({ id }) => id)
        .sort(),
    ).toEqual([third.eventId, fourth.eventId].sort());
  });
});

describe.concurrent('a pinned version', () => {
  it('is what every attempt sends, with the converter of the first one', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    const { type } = sent;
    const object = (key: string) => ({ type: 'object', required: [key], properties: { [key]: { type: 'number' } } });
    const converters = (steps: object[]) => [{ to: 1, steps }];
    await stage.posthorn.post('/v1/event-types', { name: type, schema: object('a'), examples: [{ a: 1 }] });
    const second = { schema: object('b'), examples: [{ b: 1 }], converters: converters([{ rename: 'b', to: 'a' }]) };
    expect((await stage.posthorn.post(`/v1/event-types/${type}/versions`, second)).status).toBe(201);
    expect((await change(sent, { versions: { [type]: 1 } })).status).toBe(200);
    sent.answer([500, 204]);
    const raw = `{"type":"${type}","data":{"b":${number}}}`;
    const { body } = await stage.posthorn.post(`/v1/tenants/${stage.tenant}/events`, undefined, { raw });
    await until('the first attempt', () => stage.receiver.of(body.id).length === 1);
    const steps = [
      { rename: 'b', to: 'a' },
      { default: 'more', value: true },
    ];
    expect((await stage.posthorn.post(`/v1/event-types/${type}/converters`, { from: 2, to: 1, steps })).status).toBe(200);
    const [delivery] = await until('its row', async () => {
      const rows = await stage.posthorn.deliveriesOf(stage.tenant, body.id);
      return rows[0]?.status === 'retrying' ? rows : null;
    });
    await stage.posthorn.post(`/v1/deliveries/${delivery?.id}/retry-now`);
    await until('the retry', () => stage.receiver.of(body.id).length === 2);
    const datas = stage.receiver.of(body.id).map((request) => request.body.toString().replace(/.*"data":/, ''));
    expect(datas).toEqual(Array(2).fill(`{"a":${number}}}`));
    const later = await sent.again('retrying or succeeded', { data: { b: 2 } });
    expect(JSON.parse(bodies(later)[0] ?? '').data).toEqual({ a: 2, more: true });
  });
});

describe.concurrent('an event that cannot be shaped', () => {
  it('goes to quarantine with the reason, and is sent when it is released with a transform that can', async () => {
    const template = Array.from({ length: 9 }, () => ({ $path: 'data' }));
    const sent = await stage.send({
      until: 'pending or retrying or quarantined',
      endpoint: { transform: { template } },
      event: { data: 'x'.repeat(200_000) },
    });
    // the other tries would take minutes
    await stage.sql(sent, 'update deliveries set faults = 9 where id = $1');
    await sent.command('retry-now');
    const row = await until(
      'quarantine',
      async () => {
        const { body } = await stage.posthorn.get(`/v1/deliveries/${sent.id}`);
        return body.status === 'quarantined' && body;
      },
      30_000,
    );
    expect(row.lastMessage).toBe('the transform makes more than 1048576 characters of the event');
    await change(sent, { transform: { template: { size: 'large' } } });
    expect((await sent.command('release')).status).toBe(202);
    await until('it', async () => (await sent.row()).status === 'succeeded');
    expect(bodies(sent)).toEqual(['{"size":"large"}']);
  });
});
