// What an attempt sent, made again from stored facts: the bytes and the signature that its receiver got.
import { afterAll, describe, expect, it } from 'vitest';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const get = (path: string) => stage.posthorn.get(path);

/** The attempts of a delivery in full, oldest first. */
async function inFull({ id }: Pick<Sent, 'id'>) {
  const { data } = (await get(`/v1/deliveries/${id}/attempts`)).body as { data: { id: string }[] };
  return Promise.all(data.toReversed().map(async (one) => (await get(`/v1/deliveries/${id}/attempts/${one.id}`)).body));
}

const text = (sent: Sent, index = 0) => sent.requests()[index]?.body.toString();
const github = {
  header: 'x-hub-signature-256',
  algorithm: 'sha256',
  encoding: 'hex',
  signed: '{body}',
  secretAs: 'text',
  prefix: 'sha256=',
};
const valid = { verdict: 'valid', message: expect.any(String), endsAt: null };

describe.concurrent('the body and the signature of an attempt', () => {
  it.concurrent.each<[string, object]>([
    ['a standard body', {}],
    ['raw', { format: 'raw' }],
    ['CloudEvents', { format: 'cloudevents' }],
    ['a form', { format: 'form' }],
    ['XML', { format: 'xml', headers: { 'x-own': 'a value' } }],
    ['a transform', { transform: { template: { order: { $path: 'data.orderId' }, note: '{{type}}' } } }],
    ['ed25519', { signing: { schemes: ['v1', 'v1a'] } }],
    ['a custom scheme', { signing: { schemes: [], custom: github }, secret: 'a secret of some length' }],
    ['HTTP Message Signatures', { signing: { schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } } }],
    ['HTTP Message Signatures by a key pair', { signing: { schemes: [], messageSignatures: { algorithm: 'ed25519' } } }],
  ])('are those that were sent: %s', async (_, endpoint) => {
    const sent = await stage.send({ until: 'succeeded', endpoint, event: { data: { orderId: "1'001\n", amount: 0.1 } } });
    const [attempt] = await inFull(sent);
    expect(attempt).toMatchObject({ sentBody: { state: 'exact', text: text(sent), truncated: false }, signature: valid });
  });

  it('of a retry and a replay, and after the secret was rotated', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 204, 204] });
    await sent.command('retry-now');
    await sent.reach('succeeded or retrying or pending');
    await until('the second attempt', async () => (await sent.row()).status === 'succeeded');
    await sent.command('replay');
    await until('the replay', async () => (await sent.row()).status === 'succeeded' && sent.requests().length === 3);
    const rotated = await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/rotate-secret`, { overlap: '1h' });
    expect(rotated.status).toBe(200);
    const attempts = await inFull(sent);
    expect(attempts).toHaveLength(3);
    for (const { sentBody, signature } of attempts) {
      expect(sentBody.text).toBe(text(sent));
      expect(signature).toMatchObject({ verdict: 'rotated', message: expect.stringMatching(/replaced since and ends at/) });
      expect(Date.parse(signature.endsAt)).toBeGreaterThan(Date.now());
    }
    // with another scheme, nothing can be said of the earlier ones
    await stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, { signing: { schemes: [], custom: github } });
    expect((await inFull(sent))[0].signature).toMatchObject({ verdict: 'not_checked', message: expect.stringContaining('another way') });
  });

  it('of a batch is the whole batch, for each of its deliveries', async () => {
    const endpoint = { batch: { maxEvents: 3, maxWaitMs: 5_000 } };
    const first = await stage.send({ until: 'held', endpoint });
    const others = await Promise.all([1, 2].map(() => first.again('held or succeeded')));
    const all = [first, ...others];
    await Promise.all(all.map((sent) => sent.reach('held or succeeded')));
    await until('the batch', async () => (await Promise.all(all.map((sent) => sent.row()))).every(({ status }) => status === 'succeeded'));
    for (const sent of all) {
      const [attempt] = await inFull(sent);
      const id = attempt.request.headers.find(([name]: [string]) => name === 'webhook-id')[1];
      expect(id).toMatch(/^bat_/);
      expect(attempt).toMatchObject({ sentBody: { state: 'exact', text: stage.receiver.of(id)[0]?.body.toString() }, signature: valid });
    }
  });

  it('mask the secret of a transform, and are gone with the content of the event', async () => {
    const routingKey = 'R0123456789012345678901234567890';
    const sent = await stage.send({ until: 'succeeded', endpoint: { transform: { preset: 'pagerduty', routingKey, summary: 'x' } } });
    const [attempt] = await inFull(sent);
    expect(text(sent)).toContain(routingKey);
    expect(JSON.stringify(attempt)).not.toContain(routingKey);
    expect(attempt).toMatchObject({ sentBody: { state: 'exact', text: text(sent)?.replace(routingKey, '***') }, signature: valid });
    expect((await stage.posthorn.call('DELETE', `/v1/tenants/${stage.tenant}/events/${sent.eventId}/content`)).status).toBe(204);
    const [erased] = await inFull(sent);
    expect(erased).toMatchObject({ request: null, sentBody: { text: null }, signature: { verdict: 'not_checked' } });
  });

  it('is found only with its own delivery', async () => {
    const [one, two] = await Promise.all([stage.send({ until: 'succeeded' }), stage.send({ until: 'succeeded' })]);
    const { data } = (await get(`/v1/deliveries/${one.id}/attempts`)).body;
    expect((await get(`/v1/deliveries/${two.id}/attempts/${data[0].id}`)).status).toBe(404);
    expect((await get(`/v1/deliveries/${one.id}/attempts/att_1`)).status).toBe(404);
  });
});
