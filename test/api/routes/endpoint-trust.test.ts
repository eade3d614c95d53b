// Credentials of an endpoint: how they are checked, stored and masked; and verification of
// endpoints.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createChallengeEndpoint } from '#activities/challenge-endpoint';
import { slowChecks } from '#alerts/checks';
import type { ChallengeAnswer } from '#attempts/challenge';
import { createSlots } from '#attempts/slots';
import { reconcile } from '#db/alerts/reconcile';
import { bySystem } from '#db/audit/audit';
import { failVerification, passVerification, pendingRound, takeVerification } from '#db/endpoints/verifications';
import { uuidOf } from '#domain/ids';
import { LocalFault } from '#outbound/local-fault';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { createApi } from '../../support/api.ts';
import { createAuthority } from '../../support/authority.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let tenant: string;
const url = 'http://127.0.0.1:9/hook';
const secure = 'https://127.0.0.1:9/hook';
const authority = createAuthority();
const [one, other] = [authority.sign('one'), authority.sign('other')];
const tls = { certificate: one.cert, key: one.key, ca: authority.ca };
const oauth2 = { type: 'oauth2', tokenUrl: 'https://93.184.216.34/token', clientId: 'me', clientSecret: 'canary' };

beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
});
afterAll(() => api.close());

const make = (given: object) => api.post(`/v1/tenants/${tenant}/endpoints`, { url, ...given });
const change = (id: string, given: object) => api.call('PATCH', `/v1/endpoints/${id}`, given);
async function kept(id: string) {
  const { rows } = await api.db.query('select sealed from endpoints where id = $1', [uuidOf(id)]);
  return openTarget(api.deps.vault, id, rows[0].sealed);
}

describe('authentication', () => {
  it.each([
    [{ type: 'bearer', token: 'canary' }, 'token'],
    [{ type: 'basic', username: 'me', password: 'canary' }, 'password'],
    [{ ...oauth2, scope: 'a b', audience: 'x', credentialsIn: 'body' }, 'clientSecret'],
  ])('%j is stored, shown masked, and kept when the masked value is sent back', async (auth, secret) => {
    const made = await make({ auth });
    expect(made).toMatchObject({ status: 201, body: { auth: { ...auth, [secret]: '***' } } });
    const { body } = await api.get(`/v1/endpoints/${made.body.id}`);
    expect(JSON.stringify([made.body, body])).not.toContain('canary');
    expect((await change(made.body.id, { auth: body.auth, description: 'x' })).status).toBe(200);
    expect((await kept(made.body.id)).auth).toEqual(auth);
    expect(await change(made.body.id, { auth: null })).toMatchObject({ status: 200, body: { auth: null } });
  });

  it.each([
    ['auth.token', { auth: { type: 'bearer', token: '***' } }],
    ['auth.password', { auth: { type: 'basic', username: 'me', password: '***' } }],
    ['auth.clientSecret', { auth: { ...oauth2, clientSecret: '***' } }],
    ['auth.tokenUrl', { auth: { ...oauth2, tokenUrl: 'http://93.184.216.34/' } }],
    ['auth.tokenUrl', { auth: { ...oauth2, tokenUrl: 'https://10.0.0.1/' } }],
    ['auth.tokenUrl', { auth: { ...oauth2, tokenUrl: 'https://a:b@93.184.216.34/' } }],
    ['auth.token', { auth: { type: 'bearer', token: 'a b' } }],
    ['auth.token', { auth: { type: 'bearer', token: 'a\r\nx: y' } }],
    ['auth.username', { auth: { type: 'basic', username: 'a:b', password: 'c' } }],
    ['auth.password', { auth: { type: 'basic', username: 'a', password: 'c\n' } }],
    ['auth', { auth: { type: 'basic', username: '', password: '' } }],
    ['auth.clientSecret', { auth: { ...oauth2, clientSecret: 'é' } }],
    ['auth.type', { auth: { type: 'digest' } }],
    ['headers.X-A', { headers: { 'X-A': '***' } }],
    ['headers.Authorization', { headers: { Authorization: 'x' }, auth: { type: 'bearer', token: 'a' } }],
  ])('with an invalid %s is refused: %j', async (path, given) => {
    const refused = await make(given);
    expect(refused).toMatchObject({ status: 422, body: { errors: expect.arrayContaining([expect.objectContaining({ path })]) } });
    expect(refused.body.detail).not.toContain('canary');
  });

  it('that is masked keeps the stored value of the same name, and nothing else', async () => {
    const { body } = await make({ headers: { 'X-A': 'canary' }, auth: oauth2 });
    expect((await change(body.id, { headers: { 'x-a': '***' } })).status).toBe(200);
    expect((await kept(body.id)).headers).toEqual({ 'x-a': 'canary' });
    expect(await change(body.id, { headers: { 'X-B': '***' } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'headers.X-B' }] },
    });
    expect(await change(body.id, { auth: { type: 'bearer', token: '***' } })).toMatchObject({ status: 422 });
    // a secret is not sent to another token server
    const elsewhere = { ...body.auth, tokenUrl: 'https://93.184.216.34/other' };
    expect(await change(body.id, { auth: elsewhere })).toMatchObject({ status: 422, body: { errors: [{ path: 'auth.clientSecret' }] } });
    expect(await change(body.id, { headers: { authorization: 'x' } })).toMatchObject({ status: 422 });
    expect(await change(body.id, { auth: { ...body.auth, scope: 'more' } })).toMatchObject({
      status: 200,
      body: { auth: { scope: 'more' } },
    });
    expect((await kept(body.id)).auth).toEqual({ ...oauth2, scope: 'more' });
  });
});

describe('credentials', () => {
  it('do not move to another origin: the same change must send them again or remove them', async () => {
    const { body } = await make({ headers: { 'X-A': 'canary' }, auth: { type: 'bearer', token: 'canary' } });
    const elsewhere = 'http://127.0.0.1:10/hook';
    const refused = (...given: string[]) => ({
      status: 422,
      body: { errors: [{ path: 'url', message: expect.stringMatching(new RegExp(`; send ${given.join(', ')} again$`)) }] },
    });
    expect(await change(body.id, { url: elsewhere })).toMatchObject(refused('`auth`', '`headers`'));
    expect(await change(body.id, { url: elsewhere, auth: body.auth, headers: {} })).toMatchObject(refused('`auth`'));
    expect((await kept(body.id)).url).toBe(url);
    expect((await change(body.id, { url: `${url}/other` })).status).toBe(200);
    expect((await change(body.id, { url: elsewhere, auth: null, headers: { 'X-A': 'new' } })).status).toBe(200);
    expect(await kept(body.id)).toMatchObject({ url: elsewhere, auth: null, headers: { 'X-A': 'new' } });
  });
});

describe('client certificates', () => {
  it('need https; a CA can be set without a certificate', async () => {
    const refused = { status: 422, body: { errors: [{ path: 'tls', message: 'requires an https URL' }] } };
    expect(await make({ tls })).toMatchObject(refused);
    const { body } = await make({ url: secure, tls: { ca: authority.ca } });
    expect(body.tls).toEqual({ subject: null, expiresAt: null, fingerprint: null });
    expect(await change(body.id, { url })).toMatchObject(refused);
    expect((await kept(body.id)).tls).toEqual({ ca: authority.ca });
  });

  it('are shown by subject, expiry and fingerprint, without the key', async () => {
    const { body } = await make({ url: secure, tls });
    expect(body.tls).toEqual({
      subject: 'CN=one',
      expiresAt: expect.stringMatching(/Z$/),
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(body)).not.toContain('PRIVATE KEY');
    expect((await change(body.id, { tls: { certificate: one.cert, key: '***' } })).status).toBe(200);
    expect((await kept(body.id)).tls).toEqual({ certificate: one.cert, key: one.key });
    expect(await change(body.id, { tls: { certificate: other.cert, key: '***' } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'tls.key', message: 'does not match the certificate' }] },
    });
    expect(await change(body.id, { tls: null })).toMatchObject({ status: 200, body: { tls: null } });
  });

  it.each([
    ['tls.key', { ...tls, key: other.key }],
    ['tls.key', { ...tls, key: '***' }],
    ['tls.key', { ...tls, key: 'canary' }],
    ['tls.key', { ...tls, key: one.key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') }],
    ['tls.certificate', { ...tls, certificate: 'canary' }],
    ['tls.certificate', { ...tls, certificate: one.key }],
    ['tls.certificate', { ...tls, certificate: one.cert + one.key }],
    ['tls.certificate', { ...tls, certificate: one.cert.replace(/\n[^\n]{20}/, '\ncanary') }],
    ['tls.ca', { ...tls, ca: 'canary' }],
    ['tls.key', { certificate: one.cert }],
  ])('with an invalid %s are refused', async (path, given) => {
    const refused = await make({ url: secure, tls: given });
    expect(refused).toMatchObject({ status: 422, body: { errors: [expect.objectContaining({ path })] } });
    expect(refused.body.detail).not.toMatch(/canary|BEGIN/);
  });

  it('that expire have one alert, more severe 30, 7 and 1 days before, until there is a new one', async () => {
    const { body } = await make({ url: secure, tls });
    const { id } = body;
    const expiresIn = (days: number) =>
      api.db.query(`update endpoints set tls_expires_at = now() + $2 * interval '1 day' where id = $1`, [uuidOf(id), days]);
    const alerts = async () => {
      const { conditions, checked } = await slowChecks(api.db, { overdueMs: 60_000 });
      await reconcile(api.db, conditions, checked);
      const { data } = (await api.get('/v1/alerts?kind=certificate.expiring')).body;
      return data.filter((one: { endpoint: string }) => one.endpoint === id);
    };
    const shown = async () => (await alerts()).map(({ severity, state }: Record<string, string>) => `${severity} ${state}`);
    await expiresIn(41);
    expect(await shown()).toEqual([]);
    await expiresIn(29);
    expect([await shown(), await shown()]).toEqual([['info open'], ['info open']]);
    await expiresIn(6.5);
    expect(await shown()).toEqual(['warning open']);
    await expiresIn(0.9);
    expect(await alerts()).toEqual([
      expect.objectContaining({
        severity: 'critical',
        state: 'open',
        title: expect.stringMatching(/expires within a day$/),
        closedAt: null,
      }),
    ]);
    await change(id, { tls: null });
    expect(await shown()).toEqual(['critical closed']);
    // another certificate is another cause: this one is valid for two days
    await change(id, { tls: { certificate: other.cert, key: other.key } });
    expect(await shown()).toEqual(['warning open', 'critical closed']);
  });
});

describe('an endpoint with verification', () => {
  const gateOf = async (id: string) => {
    const { body } = await api.get(`/v1/endpoints/${id}`);
    return [body.gate, body.gateReason, body.verification.state];
  };
  const agree = async (id: string, perSecond: number | null = null) =>
    passVerification(api.db, { endpointId: id, round: (await pendingRound(api.db, id)) ?? -1 }, perSecond);

  it('is held until it is verified, and cannot be resumed before', async () => {
    const { body } = await make({ verification: 'echo' });
    expect(body).toMatchObject({
      gate: 'held',
      gateReason: 'unverified',
      verification: { method: 'echo', state: 'pending', verifiedAt: null },
    });
    expect((await api.post(`/v1/endpoints/${body.id}/resume`)).status).toBe(409);
    expect(await api.deps.setGate(body.id, 'resume', bySystem('endpoint.resume'))).toBe('unverified');
    expect(await api.post(`/v1/endpoints/${body.id}/test`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('not verified') },
    });
    expect((await api.get(`/v1/endpoints/${body.id}/lane`)).body.reasons).toContain('unverified');
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'pending']);
    expect(await agree(body.id)).toBe(true);
    expect(await gateOf(body.id)).toEqual(['open', null, 'verified']);
    expect(await agree(body.id)).toBe(false);
    expect((await api.post(`/v1/endpoints/${body.id}/verify`)).body.verification.state).toBe('verified');
  });

  it('is verified again when its URL changes, and a late answer for the old URL does not count', async () => {
    const { body } = await make({ verification: 'cloudevents' });
    const before = { endpointId: body.id, round: (await pendingRound(api.db, body.id)) ?? -1 };
    await change(body.id, { url: `${url}/other` });
    expect(await passVerification(api.db, before, null)).toBe(false);
    expect(await takeVerification(api.db, before)).toBeNull();
    expect(await agree(body.id, 2)).toBe(true);
    expect((await api.get(`/v1/endpoints/${body.id}`)).body.rateLimit).toEqual({ perSecond: 2 });
    await change(body.id, { url: `${url}/other`, description: 'same URL' });
    expect(await gateOf(body.id)).toEqual(['open', null, 'verified']);
    await change(body.id, { url });
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'pending']);
    expect(await agree(body.id, 5)).toBe(true);
    // its configured limit is lower
    expect((await api.get(`/v1/endpoints/${body.id}`)).body.rateLimit).toEqual({ perSecond: 2 });
  });

  it.each<[object | undefined, number | null, object | null]>([
    [{ perSecond: 50, burst: 7 }, 10, { perSecond: 10, burst: 7 }],
    [{ perSecond: 50, burst: 700 }, 1, { perSecond: 1, burst: 60 }],
    [{ perSecond: 5, burst: 7 }, 10, { perSecond: 5, burst: 7 }],
    [{ perSecond: 50 }, 10, { perSecond: 10 }],
    [undefined, 10, { perSecond: 10 }],
    [undefined, null, null],
  ])(
    'with the rate %j keeps its burst when it allows %j per second, and the audit log shows the change',
    async (rateLimit, perSecond, then) => {
      const { body } = await make({ verification: 'cloudevents', ...(rateLimit && { rateLimit }) });
      await agree(body.id, perSecond);
      expect((await api.get(`/v1/endpoints/${body.id}`)).body.rateLimit).toEqual(then);
      const [entry] = (await api.get('/v1/audit-log?action=endpoint.verify&limit=1')).body.data;
      const isChanged = JSON.stringify(rateLimit ?? null) !== JSON.stringify(then);
      expect(entry).toMatchObject({
        target: { id: body.id },
        before: {
          verification: { state: 'pending' },
          gate: 'held',
          gateReason: 'unverified',
          ...(isChanged && { rateLimit: rateLimit ?? null }),
        },
        after: { verification: { state: 'verified' }, gate: 'open', gateReason: null, ...(isChanged && { rateLimit: then }) },
      });
      expect('rateLimit' in entry.after).toBe(isChanged);
    },
  );

  it('that is paused stays paused when it is verified', async () => {
    const { body } = await make({ verification: 'echo' });
    await api.post(`/v1/endpoints/${body.id}/pause`);
    expect((await api.post(`/v1/endpoints/${body.id}/resume`)).status).toBe(409);
    await agree(body.id);
    expect(await gateOf(body.id)).toEqual(['held', 'paused', 'verified']);
    expect((await api.post(`/v1/endpoints/${body.id}/resume`)).status).toBe(200);
    await api.post(`/v1/endpoints/${body.id}/pause`);
    await change(body.id, { url: `${url}/other` });
    expect(await gateOf(body.id)).toEqual(['held', 'paused', 'pending']);
  });

  it('that was disabled is held for its new URL, and not probed', async () => {
    const { body } = await make({ verification: 'echo' });
    await agree(body.id);
    await api.db.query(`update endpoints set gate = 'disabled', gate_reason = 'failed for too long' where id = $1`, [uuidOf(body.id)]);
    await change(body.id, { url: `${url}/other` });
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'pending']);
  });

  it('can have verification turned off, and on again later', async () => {
    const { body } = await make({ verification: 'echo' });
    await change(body.id, { verification: 'none' });
    expect(await gateOf(body.id)).toEqual(['open', null, 'none']);
    expect((await api.post(`/v1/endpoints/${body.id}/verify`)).status).toBe(409);
    await change(body.id, { verification: 'cloudevents' });
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'pending']);
  });

  it('is held just the same when a tenant-bound caller creates it', async () => {
    const { body: made } = await api.post('/v1/api-keys', { name: 'own', tenant, scopes: ['endpoints:write', 'endpoints:read'] });
    const bound = createApi(api.origin, made.key);
    const { body } = await bound.post(`/v1/tenants/${tenant}/endpoints`, { url: secure, tls, verification: 'echo' });
    expect(body).toMatchObject({ gate: 'held', gateReason: 'unverified' });
    expect((await bound.post(`/v1/endpoints/${body.id}/resume`)).status).toBe(409);
    await failVerification(api.db, { endpointId: body.id, round: (await pendingRound(api.db, body.id)) ?? -1 });
    expect((await bound.post(`/v1/endpoints/${body.id}/verify`)).status).toBe(202);
    await agree(body.id);
    expect((await bound.call('PATCH', `/v1/endpoints/${body.id}`, { url: `${secure}/other` })).body).toMatchObject({
      gateReason: 'unverified',
    });
    expect((await bound.call('PATCH', `/v1/endpoints/${body.id}`, { verification: 'none' })).body).toMatchObject({ gate: 'open' });
  });

  it('cannot be exempted by a tenant-bound caller if the operator requires verification', async () => {
    const { body: made } = await api.post('/v1/api-keys', { name: 'own', tenant, scopes: ['admin'] });
    const bound = createApi(api.origin, made.key);
    api.deps.verification.usual = 'echo';
    onTestFinished(() => {
      api.deps.verification.usual = 'none';
    });
    const asked = await bound.post(`/v1/tenants/${tenant}/endpoints`, { url });
    expect(asked.body).toMatchObject({ gateReason: 'unverified', verification: { method: 'echo' } });
    const refused = { status: 422, body: { errors: [{ path: 'verification' }] } };
    expect(await bound.post(`/v1/tenants/${tenant}/endpoints`, { url, verification: 'none' })).toMatchObject(refused);
    expect(await bound.call('PATCH', `/v1/endpoints/${asked.body.id}`, { verification: 'none' })).toMatchObject(refused);
    expect((await bound.call('PATCH', `/v1/endpoints/${asked.body.id}`, { verification: 'cloudevents' })).status).toBe(200);
    expect(await make({ verification: 'none' })).toMatchObject({ status: 201, body: { gate: 'open' } });
  });

  it('that was never verified is asked again on request', async () => {
    const { body } = await make({ verification: 'echo' });
    await failVerification(api.db, { endpointId: body.id, round: (await pendingRound(api.db, body.id)) ?? -1 });
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'failed']);
    expect((await api.post(`/v1/endpoints/${body.id}/resume`)).status).toBe(409);
    expect(await api.post(`/v1/endpoints/${body.id}/verify`)).toMatchObject({ status: 202, body: { verification: { state: 'pending' } } });
    expect((await api.post(`/v1/endpoints/ep_${'0'.repeat(32)}/verify`)).status).toBe(404);
  });

  it('is not asked twice within 30 seconds, whether the first request is pending or was refused', async () => {
    const { body } = await make({ verification: 'echo' });
    const ask = () => api.post(`/v1/endpoints/${body.id}/verify`);
    const askedAgo = (interval: string) =>
      api.db.query('update endpoints set verification_asked_at = now() - $2::interval where id = $1', [uuidOf(body.id), interval]);
    const of = async () => ({ endpointId: body.id, round: (await pendingRound(api.db, body.id)) ?? -1 });
    const early = { status: 429, body: { detail: expect.stringContaining('a moment ago') } };
    const first = await ask();
    expect(first).toMatchObject(early);
    expect(Number(first.headers.get('retry-after'))).toBeOneOf([28, 29, 30]);
    await askedAgo('25 seconds');
    expect(await ask()).toMatchObject(early);
    await askedAgo('31 seconds');
    expect(await ask()).toMatchObject({ status: 202 });
    // a worker sends the verification request
    await askedAgo('1 hour');
    await takeVerification(api.db, await of());
    expect(await ask()).toMatchObject(early);
  });

  it('takes a slot for its verification request, and an internal error does not count against it', async () => {
    const { body } = await make({ verification: 'echo' });
    const of = { endpointId: body.id, round: (await pendingRound(api.db, body.id)) ?? -1 };
    const places = createSlots({ process: 1, tenant: 1, endpoint: 1 });
    const lastError = async () => (await api.get(`/v1/endpoints/${body.id}`)).body.verification.lastError;
    let inFlight = 0;
    const asking = (answer: () => ChallengeAnswer) => {
      const challenge = async () => {
        inFlight = places.inUse();
        return answer();
      };
      const run = createChallengeEndpoint({ db: api.db, lanes: api.deps.lanes, places, challenge });
      return run(of).then(
        () => null,
        (error) => error,
      );
    };
    const leave = places.take('another', 'another', null);
    expect(await asking(() => ({ agreed: true, perSecond: null }))).toMatchObject({ type: 'no_slot', nonRetryable: false });
    expect([inFlight, await lastError()]).toEqual([0, null]);
    if (typeof leave === 'function') leave();

    const fault = await asking(() => {
      throw new LocalFault('proxy', 'cannot connect to the egress proxy 10.0.0.1:3128');
    });
    expect(fault).toBeInstanceOf(LocalFault);
    expect(await lastError()).toBe('not sent because of an internal error (proxy); Posthorn will retry');
    expect([inFlight, places.inUse()]).toEqual([1, 0]);

    const no = () => ({ agreed: false as const, outcome: 'http_status', message: 'HTTP 500' });
    expect(await asking(no)).toMatchObject({ type: 'http_status', nonRetryable: true });
    expect(await gateOf(body.id)).toEqual(['held', 'unverified', 'pending']);
  });
});

it('/v1/meta tells anybody the egress addresses', async () => {
  const answer = await api.call('GET', '/v1/meta', undefined, { key: null });
  expect(answer).toMatchObject({ status: 200, body: { version: expect.any(String), egressIps: ['192.0.2.0/24'] } });
});
