// Endpoints that must agree before they are sent to, and endpoints that authenticate the sender,
// from the API to the receiver.
import type { TLSSocket } from 'node:tls';
import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, it } from 'vitest';
import { response, startEndpoint } from '../outbound/endpoint.ts';
import { createAuthority } from '../support/authority.ts';
import type { Received, Reply } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const at = (path: string) => stage.receiver.requests.filter((request) => request.path === path);
const isQuestion = ({ method, body }: Received) => method === 'OPTIONS' || body.toString().includes('posthorn.verification');
const endpointOf = async (id: string) => (await stage.posthorn.get(`/v1/endpoints/${id}`)).body;
const make = (path: string, more: object) =>
  stage.posthorn.makeEndpoint(stage.tenant, stage.receiver.url + path, { eventTypes: [path.slice(1)], ...more });
async function delivered(path: string, endpointId: string): Promise<void> {
  const eventId = await stage.posthorn.postEvent(stage.tenant, { type: path.slice(1) });
  await until(`the delivery to ${path}`, async () => {
    const deliveries = await stage.posthorn.deliveriesOf(stage.tenant, eventId);
    return deliveries.some(({ endpoint, status }) => endpoint === endpointId && status === 'succeeded');
  });
}

describe.concurrent('an endpoint that must agree first', () => {
  it('by an echo, gets its held deliveries when it agrees, and is verified again after a change of URL', async () => {
    let agrees = false;
    const echo: Reply = (request, response) => {
      if (!isQuestion(request)) return void response.writeHead(204).end();
      const { challenge } = JSON.parse(request.body.toString()).data;
      response.writeHead(200).end(agrees ? JSON.stringify({ challenge }) : '{"challenge":"another"}');
    };
    const sent = await stage.send({ until: 'held', answer: echo, endpoint: { verification: 'echo' } });
    const { verification } = await until('a refusal', async () => {
      const endpoint = await endpointOf(sent.endpoint.id);
      return endpoint.verification.lastError && endpoint;
    });
    expect(verification).toMatchObject({
      state: 'pending',
      lastError: expect.stringMatching(/^HTTP 200 from .*; the response does not echo the challenge$/),
    });
    agrees = true;
    expect((await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/verify`)).status).toBe(429);
    await stage.posthorn.database.db.query(
      `update endpoints set verification_asked_at = verification_asked_at - interval '1 minute' where verification_error is not null`,
    );
    expect((await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/verify`)).status).toBe(202);
    await sent.reach('succeeded');
    const [question] = at(sent.path);
    expect(question?.headers['posthorn-delivery']).toBeUndefined();
    expect(new Webhook(sent.endpoint.secret).verify(question?.body.toString() ?? '', question?.headers ?? {})).toMatchObject({
      type: 'posthorn.verification',
      data: { challenge: expect.stringMatching(/^[\w-]{22}$/) },
    });
    expect(sent.requests()).toHaveLength(1);

    const elsewhere = `${sent.path}/elsewhere`;
    const moved = await stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, { url: stage.receiver.url + elsewhere });
    expect(moved.body).toMatchObject({ gate: 'held', verification: { state: 'pending', verifiedAt: null } });
    const next = await sent.again('held');
    await until('the question', () => at(elsewhere).length > 0);
    expect(at(elsewhere).every(isQuestion)).toBe(true);
    await stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, { url: stage.receiver.url + sent.path });
    await next.reach('succeeded');
    expect(at(elsewhere).every(isQuestion)).toBe(true);
  });

  it('by the CloudEvents handshake, gets requests at no more than its allowed rate', async () => {
    const allow: Reply = ({ method }, response) =>
      void response
        .writeHead(200, method === 'OPTIONS' ? { 'WebHook-Allowed-Origin': '127.0.0.1', 'WebHook-Allowed-Rate': '120' } : {})
        .end();
    const path = '/handshake';
    stage.receiver.answer(path, allow);
    const auth = { type: 'bearer', token: 'let-me-in' };
    const { id } = await make(path, { verification: 'cloudevents', auth });
    await until('its agreement', async () => (await endpointOf(id)).verification.state === 'verified');
    expect(await endpointOf(id)).toMatchObject({ gate: 'open', rateLimit: { perSecond: 2 } });
    await delivered(path, id);
    const [question] = at(path);
    expect(question).toMatchObject({
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': '127.0.0.1', 'webhook-request-rate': '6000', authorization: 'Bearer let-me-in' },
    });
  });
});

it('mutual TLS uses the current client certificate of the endpoint', async () => {
  const authority = createAuthority();
  const shown: unknown[] = [];
  const server = { ...authority.sign('127.0.0.1', 'IP:127.0.0.1'), ca: authority.ca, requestCert: true, rejectUnauthorized: true };
  const { url } = await startEndpoint((socket) => {
    shown.push((socket as TLSSocket).getPeerCertificate().subject?.CN);
    socket.write(response(204));
  }, server);
  const tlsOf = (subject: string) => {
    const { cert: certificate, key } = authority.sign(subject);
    return { certificate, key, ca: authority.ca };
  };
  const { id } = await stage.posthorn.makeEndpoint(stage.tenant, url, { eventTypes: ['mutual'], tls: tlsOf('before') });
  await delivered('/mutual', id);
  expect((await stage.posthorn.call('PATCH', `/v1/endpoints/${id}`, { tls: tlsOf('after') })).body.tls.subject).toBe('CN=after');
  await delivered('/mutual', id);
  expect(shown).toEqual(['before', 'after']);
});

describe.concurrent('authentication', () => {
  it('by user name and password is sent with every request', async () => {
    const auth = { type: 'basic', username: 'pöst', password: 'horn' };
    const sent = await stage.send({ until: 'succeeded', endpoint: { auth } });
    expect(sent.requests()[0]?.headers.authorization).toBe(`Basic ${Buffer.from('pöst:horn').toString('base64')}`);
  });

  it('by OAuth: without a token nothing is sent, and the attempt counts', async () => {
    const tokens: Reply = (_request, response, count) =>
      void response
        .writeHead(count === 1 ? 500 : 200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ access_token: 'canary-token', token_type: 'Bearer', expires_in: 60 }));
    stage.receiver.answer('/token', tokens);
    const auth = { type: 'oauth2', tokenUrl: `${stage.receiver.url}/token`, clientId: 'me', clientSecret: 'canary-secret' };
    const { id } = await make('/by-token', { auth, retry: { schedule: ['50ms'] } });
    await delivered('/by-token', id);
    expect(at('/by-token').map(({ headers }) => headers.authorization)).toEqual(['Bearer canary-token']);
    const { rows } = await stage.posthorn.database.db.query(`select outcome, message from attempts where outcome = 'auth_failed'`);
    expect(rows).toEqual([
      { outcome: 'auth_failed', message: expect.stringMatching(/^no access token: HTTP 500 from 127\.0\.0\.1:\d+, \d+ ms$/) },
    ]);
  });
});
