// What an attempt shows of its request, compared with the raw headers and the body that a receiver
// got: in every body format and signature scheme, from relay, workflow and lane, and after changes.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyFormats } from '#domain/events/body-format';
import type { AttemptView } from '#domain/views/delivery-view';
import { longLeases } from '../support/quick-timings.ts';
import type { Received } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t16', { POSTHORN_DISPATCH: 'batched' }, { timings: longLeases });
});
afterAll(() => stage?.close());

// a number as a name: objects put it before all other names
const own = { 'X-Shop': 'canary-shop', 'Accept-Encoding': 'gzip', '7': 'canary-seven' };
const attemptsOf = async (id: string, key?: string): Promise<AttemptView[]> =>
  (await stage.posthorn.call('GET', `/v1/deliveries/${id}/attempts`, undefined, key === undefined ? {} : { key })).body.data;

/** The request as it arrived, with the values masked that nobody may read. */
function arrived({ path, sentHeaders, body }: Received, hidden: string[] = []): object {
  const mask = (name: string, value: string) =>
    hidden.includes(name) ? '***' : name === 'authorization' ? value.replace(/^(Bearer|Basic) .*/, '$1 ***') : value;
  return {
    method: 'POST',
    url: stage.receiver.url + path,
    headers: sentHeaders.map(([name, value]) => [name, mask(name, value)]),
    body: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') },
    tls: null,
  };
}

/** Compares all attempts with all requests of the delivery, both in the order of time. */
async function compare(sent: Sent, count: number, hidden?: string[]): Promise<void> {
  const attempts = await until(`${count} attempts of ${sent.path}`, async () => {
    const found = await attemptsOf(sent.id);
    return found.length === count && found.reverse();
  });
  expect(attempts.map(({ request }) => request)).toEqual(sent.requests().map((request) => arrived(request, hidden)));
}

const custom = { algorithm: 'sha256', encoding: 'hex', signed: '{timestamp}.{body}', secretAs: 'text' };
const signings = {
  'v1 and v1a': { schemes: ['v1', 'v1a'] },
  'custom, like GitHub': { schemes: [], custom: { ...custom, header: 'X-Hub-Signature-256', prefix: 'sha256=', signed: '{body}' } },
  'custom, like Stripe': {
    schemes: ['v1'],
    custom: { ...custom, header: 'Stripe-Signature', prefix: 'v1=', lead: 't={timestamp}', separator: ',', timestampHeader: 'X-Time' },
  },
  'message signatures': { schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } },
  'message signatures by key pair': { schemes: ['v1'], messageSignatures: { algorithm: 'ed25519', label: 'own' } },
};
const endpoints = [
  ...bodyFormats.map((format): [string, object] => [format, { format }]),
  ...Object.entries(signings).map(([name, signing], index): [string, object] => [
    name,
    { signing, format: bodyFormats[index % bodyFormats.length] },
  ]),
  ['bearer', { auth: { type: 'bearer', token: 'canary-token' } }] as [string, object],
  ['basic', { auth: { type: 'basic', username: 'canary', password: 'canary' } }] as [string, object],
];

describe.concurrent('the request of an attempt equals what arrived', () => {
  it.concurrent.each(endpoints)('first attempt, retry and replay: %s', async (_name, endpoint) => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 204], endpoint: { headers: own, ...endpoint } });
    await compare(sent, 1, Object.keys(own));
    await sent.command('retry-now');
    await sent.reach('succeeded');
    await sent.command('replay');
    await compare(sent, 3, Object.keys(own));
  });

  it('with an OAuth token', async () => {
    stage.receiver.answer('/token', (_request, response) => {
      const token = { access_token: 'canary-token', token_type: 'Bearer', expires_in: 60 };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token));
    });
    const auth = { type: 'oauth2', tokenUrl: `${stage.receiver.url}/token`, clientId: 'me', clientSecret: 'canary-secret' };
    const sent = await stage.send({ until: 'succeeded', endpoint: { auth, headers: own } });
    await compare(sent, 1, Object.keys(own));
  });

  it('of a test event', async () => {
    const path = '/tested';
    const { id } = await stage.posthorn.makeEndpoint(stage.tenant, stage.receiver.url + path, {
      eventTypes: ['order.tested'],
      format: 'cloudevents-binary',
    });
    const { status, body } = await stage.posthorn.post(`/v1/endpoints/${id}/test`, { type: 'order.tested' });
    expect(status).toBe(200);
    const [request] = stage.receiver.requests.filter((one) => one.path === path);
    expect(request?.headers).toMatchObject({ 'posthorn-test': 'true', 'ce-type': 'order.tested' });
    expect(body.attempt.request).toEqual(request && arrived(request));
  });

  it('of an ordered endpoint, also after its ordering was switched off', async () => {
    const sent = await stage.send({
      until: 'succeeded or held',
      answer: [500, 204],
      retry: { schedule: ['50ms'] },
      endpoint: { ordering: 'endpoint' },
    });
    await sent.reach('succeeded');
    expect(sent.requests()[1]?.headers).toMatchObject({ 'posthorn-sequence': '1' });
    await stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, { ordering: 'none' });
    await compare(sent, 2);
  });

  it.each(['standard', 'cloudevents'])('of a batch, with each of its deliveries: %s', async (format) => {
    const answer: [number, number] = [500, 204];
    const endpoint = { format, batch: { maxEvents: 3, maxWaitMs: 60_000 }, maxInFlight: 1 };
    const sent = await stage.send({ until: 'held', answer, retry: { schedule: ['50ms'] }, endpoint });
    const all = [sent, await sent.again('held'), await sent.again('held or succeeded')];
    for (const each of all) await each.reach('succeeded');
    const requests = stage.receiver.requests.filter(({ path }) => path === sent.path);
    expect(requests[1]?.headers).toMatchObject({ 'posthorn-batch': '3', 'posthorn-endpoint': sent.endpoint.id });
    for (const each of all) {
      const shown = (await attemptsOf(each.id)).reverse().map(({ request }) => request);
      expect(shown).toEqual(requests.map((request) => arrived(request)));
    }
  });
});

describe.concurrent('afterwards', () => {
  it('the requests stay as they were when the endpoint is changed by its owner, gets other secrets, and is deleted', async () => {
    const link = (await stage.posthorn.post('/v1/portal-links', { tenant: stage.tenant })).body.token;
    const retry = { schedule: ['1h', '1h', '1h'] };
    const sent = await stage.send({ until: 'retrying', answer: [500, 500, 204], retry, endpoint: { headers: own } });
    const path = `/v1/endpoints/${sent.endpoint.id}`;
    const before = await attemptsOf(sent.id);
    const attemptAgain = async (count: number) => {
      await sent.command('retry-now');
      await until(`${count} requests`, () => sent.requests().length === count);
      await until(`${count} attempts`, async () => (await attemptsOf(sent.id)).length === count);
    };
    await stage.posthorn.post(`${path}/rotate-secret`, { overlap: '1h' });
    await attemptAgain(2);
    expect(sent.requests()[1]?.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    stage.receiver.answer(`${sent.path}/moved?key=1`, [500]);
    const moved = { url: `${stage.receiver.url}${sent.path}/moved?key=1`, headers: { 'x-other': 'canary' }, format: 'raw' };
    expect((await stage.posthorn.call('PATCH', path, moved, { key: link })).status).toBe(200);
    await attemptAgain(3);
    const signing = { schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } };
    expect((await stage.posthorn.call('PATCH', path, { signing, url: stage.receiver.url + sent.path, headers: {} })).status).toBe(200);
    expect((await stage.posthorn.post(`${path}/rotate-secret`, { overlap: '0s' })).status).toBe(200);
    await attemptAgain(4);
    const hidden = [...Object.keys(own), 'x-other'];
    await compare(sent, 4, hidden);
    expect((await stage.posthorn.call('DELETE', path)).status).toBe(204);
    await compare(sent, 4, hidden);
    expect((await attemptsOf(sent.id)).at(-1)).toEqual(before[0]);
    const { rows } = await stage.posthorn.database.db.query('select target_version from past_targets where endpoint_id = $1 order by 1', [
      sent.endpoint.id.slice('ep_'.length),
    ]);
    expect(rows).toEqual([{ target_version: 1 }, { target_version: 2 }]);
  });

  it('an erased event leaves nothing of its requests', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    expect(await attemptsOf(sent.id)).toMatchObject([{ request: { method: 'POST' } }]);
    const { status } = await stage.posthorn.call('DELETE', `/v1/tenants/${stage.tenant}/events/${sent.eventId}/content`);
    expect(status).toBe(204);
    expect(await attemptsOf(sent.id)).toMatchObject([{ request: null, outcome: 'accepted' }]);
  });

  it('a caller that may not read endpoints sees neither path and query of the URL nor the headers that the endpoint sets', async () => {
    const scopes = ['deliveries:read'];
    const { token } = (await stage.posthorn.post('/v1/portal-links', { tenant: stage.tenant, scopes })).body;
    const sent = await stage.send({ until: 'succeeded', endpoint: { headers: own } });
    const [shown] = await attemptsOf(sent.id, token);
    const whole = (await attemptsOf(sent.id))[0]?.request;
    const headers = whole?.headers.map(([name, value]) => [name in own ? '***' : name, value]);
    expect(shown?.request).toEqual({ ...whole, url: `${stage.receiver.url}/***`, headers });
    expect(headers?.filter(([name]) => name === '***')).toHaveLength(Object.keys(own).length);
  });
});
