// Settings of signing, key pairs and public keys, over HTTP.
import { importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jwksRoutes } from '../../src/api/jwks.ts';
import { createKeyRing } from '../../src/attempts/key-ring.ts';
import { publishKey, readRotation, takeBackKey } from '../../src/db/key-rotation.ts';
import { liveSecrets } from '../../src/db/secrets.ts';
import { forgetRetiredKeys } from '../../src/db/signing-keys.ts';
import { uuidOf } from '../../src/domain/ids.ts';
import type { SigningKey } from '../../src/domain/signing-keys.ts';
import { newId } from '../../src/new-id.ts';
import { newKeyPair } from '../../src/signing-key.ts';
import { until } from '../support/until.ts';
import { type ApiServer, startApi } from './api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';
const github = {
  header: 'X-Hub-Signature-256',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signed: '{body}',
  secretAs: 'text',
};
const make = async (body: object, tenant?: string) =>
  api.post(`/v1/tenants/${tenant ?? (await api.makeTenant())}/endpoints`, { url, ...body });
const pathsOf = (answer: { status: number; body: { errors?: { path: string }[] } }) => [
  answer.status,
  ...(answer.body.errors ?? []).map(({ path }) => path),
];

describe('an endpoint', () => {
  it('is signed as it wishes, with a secret of that form, shown once', async () => {
    const secret = "It's a Secret to Everybody";
    const made = await make({ signing: { schemes: [], custom: github }, secret });
    expect(made.body).toMatchObject({ secret, signing: { schemes: [], custom: github }, publicKeys: null });
    const hex = await make({ signing: { schemes: [], custom: { ...github, secretAs: 'hex' } } });
    expect(hex.body.secret).toMatch(/^[0-9a-f]{64}$/);
    const both = await make({ signing: { custom: github } });
    expect(both.body).toMatchObject({ secret: expect.stringMatching(/^whsec_/), signing: { schemes: ['v1'] } });
    const text = `whsec_${'A'.repeat(43)}B==`;
    expect((await make({ signing: { schemes: [], custom: github }, secret: text })).body.secret).toBe(text);
  });

  it.each<[string, object, (string | number)[]]>([
    ['nothing that signs', { signing: { schemes: [] } }, [422, 'signing.schemes']],
    ['a header that is ours', { signing: { custom: { ...github, header: 'webhook-id' } } }, [422, 'signing.custom.header']],
    ['a header of its own', { signing: { custom: github }, headers: { 'x-hub-signature-256': 'a' } }, [422, 'signing.custom.header']],
    ['a text where v1 signs', { signing: { custom: github }, secret: "It's a Secret to Everybody" }, [422, 'secret']],
    [
      'a text that is no hex',
      { signing: { schemes: [], custom: { ...github, secretAs: 'hex' } }, secret: 'z'.repeat(32) },
      [422, 'secret'],
    ],
    ['a text without a scheme of its own', { secret: "It's a Secret to Everybody" }, [422, 'secret']],
  ])('is refused with %s', async (_name, body, problem) => {
    expect(pathsOf(await make(body))).toEqual(problem);
  });

  it('is changed only to what its secrets can sign, and rotated only to such secrets', async () => {
    const { id } = (await make({ signing: { schemes: [], custom: github }, secret: "It's a Secret to Everybody" })).body;
    const change = (body: object) => api.call('PATCH', `/v1/endpoints/${id}`, body);
    expect(pathsOf(await change({ signing: null }))).toEqual([422, 'signing']);
    expect(pathsOf(await change({ headers: { 'X-Hub-Signature-256': 'a' } }))).toEqual([422, 'signing.custom.header']);
    const rotated = await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap: '0s' });
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect((await change({ signing: null })).body.signing).toBe(null);
    expect(pathsOf(await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: 'a text of some length' }))).toEqual([422, 'secret']);
  });
});

describe('a change of signing and a rotation', () => {
  const text = "It's a Secret to Everybody";
  const asText = { signing: { schemes: [], custom: github }, secret: text };

  it('want the newest secret to fit, not one that is about to end', async () => {
    const { id, secret } = (await make({ signing: { custom: github } })).body;
    await api.call('PATCH', `/v1/endpoints/${id}`, { signing: { schemes: [], custom: github } });
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text })).status).toBe(200);
    const live = [{ secretId: expect.any(String), sealed: expect.anything() }];
    expect(await liveSecrets(api.db, id)).toEqual([...live, ...live]);
    expect(secret).toMatch(/^whsec_/);
    expect(pathsOf(await api.call('PATCH', `/v1/endpoints/${id}`, { signing: null }))).toEqual([422, 'signing']);
  });

  it('wait for each other: never is an endpoint left with a secret that does not fit', async () => {
    const { id } = (await make({ signing: { custom: github } })).body;
    await api.call('PATCH', `/v1/endpoints/${id}`, { signing: { schemes: [], custom: github } });
    // both are allowed by what is there now, and only one of them after the other; both wait for the lock
    const client = await api.db.connect();
    await client.query('begin');
    await client.query('select from endpoints where id = $1 for update', [uuidOf(id)]);
    const both = Promise.all([
      api.call('PATCH', `/v1/endpoints/${id}`, { signing: null }),
      api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text }),
    ]);
    await until('both to wait', async () => {
      const { rows } = await api.db.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
      return rows.length >= 2 || null;
    });
    await client.query('commit');
    client.release();
    expect((await both).map(({ status }) => status).toSorted()).toEqual([200, 422]);
  });

  it('to a secret that signs already is refused', async () => {
    const { id } = (await make(asText)).body;
    const again = await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text });
    expect(again).toMatchObject({ status: 422, body: { errors: [{ path: 'secret', message: 'signs already' }] } });
    const other = { secret: `${text}!`, overlap: 0 };
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, other)).status).toBe(200);
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text })).status).toBe(200);
  });
});

const keysOf = async (path: string) => (await api.call('GET', path, undefined, { key: null })).body.keys;
const kids = async (path: string) => (await keysOf(path)).map(({ kid }: { kid: string }) => kid);

describe('key pairs', () => {
  it('begin with the first endpoint that wants one; its public key is shown there and in the JWK set', async () => {
    expect(await keysOf('/.well-known/jwks.json')).toEqual([]);
    const { body } = await make({ signing: { schemes: ['v1a'] } });
    const other = await make({ signing: { schemes: ['v1'], messageSignatures: { algorithm: 'ed25519' } } });
    expect(body.publicKeys).toEqual([expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/)]);
    expect(other.body.publicKeys).toEqual(body.publicKeys);
    const { rows } = await api.db.query(`select actor_kind, target_id from posthorn_audit.audit_log where action = 'signing_key.rotate'`);
    expect(rows).toEqual([{ actor_kind: 'system', target_id: (await kids('/.well-known/jwks.json'))[0] }]);
    const [jwk, ...more] = await keysOf('/.well-known/jwks.json');
    expect(more).toEqual([]);
    expect(jwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      kid: expect.stringMatching(/^sgk_/),
      use: 'sig',
      alg: 'EdDSA',
      x: Buffer.from(body.publicKeys[0].slice(5), 'base64').toString('base64url'),
      nbf: expect.any(Number),
    });
    expect(await importJWK(jwk)).toMatchObject({ type: 'public' });
    expect(await kids('/.well-known/tenants/nobody/jwks.json')).toEqual([jwk.kid]);
  });

  it('are cached by anybody: an ETag, a time, and 304', async () => {
    const first = await api.call('GET', '/.well-known/jwks.json', undefined, { key: null });
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    const again = await api.call('GET', '/.well-known/jwks.json', undefined, {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect(again).toMatchObject({ status: 304, body: null });
  });

  it('are rotated by dates that are published before; one rotation at a time; a leak ends all others at once, out of sight', async () => {
    const [{ kid: first }] = await keysOf('/.well-known/jwks.json');
    const { body: next } = await api.post('/v1/signing-keys/rotate', { publishFor: '2h', overlap: '1h' });
    const hours = (from: string, to: string | null) => (Date.parse(to ?? '') - Date.parse(from)) / 3_600_000;
    expect([hours(next.publishedAt, next.signsFrom), hours(next.publishedAt, next.aloneFrom)]).toEqual([2, 3]);
    const [jwk, before] = await keysOf('/.well-known/jwks.json');
    expect([jwk.kid, jwk.exp, before.kid]).toEqual([next.id, undefined, first]);
    // whole seconds, and the old one not too early
    expect([3_600, 3_601]).toContain(before.exp - jwk.nbf);
    expect((await api.post('/v1/signing-keys/rotate')).status).toBe(409);
    const leak = await api.post('/v1/signing-keys/rotate', { publishFor: '0s', overlap: '0s' });
    expect(await kids('/.well-known/jwks.json')).toEqual([leak.body.id]);
    expect((await api.get('/v1/signing-keys')).body.data).toEqual([leak.body]);
    await forgetRetiredKeys(api.db);
    const { rows } = await api.db.query('select id from signing_keys where sealed is not null');
    expect(rows.map(({ id }) => id.replaceAll('-', ''))).toEqual([uuidOf(leak.body.id)]);
  });

  it("of a tenant's own take the place of the platform's for it alone, and can be taken back", async () => {
    const tenant = await api.makeTenant();
    const { id } = (await make({ signing: { schemes: ['v1a'] } }, tenant)).body;
    const platform = await kids('/.well-known/jwks.json');
    const jwks = `/.well-known/tenants/${tenant}/jwks.json`;
    const rotate = (body: object) => api.post(`/v1/tenants/${tenant}/signing-keys/rotate`, body);
    const first = (await rotate({ publishFor: '1h' })).body as SigningKey;
    expect(await kids(jwks)).toEqual([first.id, ...platform]);
    expect((await api.get(`/v1/endpoints/${id}`)).body.publicKeys).toHaveLength(2);
    expect(await takeBackKey(api.db, first.id)).toBe(true);
    expect(await takeBackKey(api.db, first.id)).toBe(false);
    expect(await kids(jwks)).toEqual(platform);
    const own = (await rotate({ publishFor: '0s', overlap: '0s' })).body as SigningKey;
    expect(own.tenant).toBe(tenant);
    expect([await kids(jwks), await kids('/.well-known/jwks.json')]).toEqual([[own.id], platform]);
    expect((await api.get(`/v1/endpoints/${id}`)).body.publicKeys).toEqual([own.publicKey]);
    expect((await api.get(`/v1/tenants/${tenant}/signing-keys`)).body.data).toEqual([own]);
    expect((await api.post('/v1/tenants/nobody/signing-keys/rotate')).status).toBe(404);
  });
});

it('a rotation taken back while both sign leaves those before it as they were', async () => {
  const publish = (waits: { publishForMs: number; overlapMs: number }) =>
    publishKey(api.db, { key: newKeyPair(api.deps.vault, newId('sgk')), tenantId: null, ...waits });
  const [before] = (await api.get('/v1/signing-keys')).body.data as SigningKey[];
  const key = (await publish({ publishForMs: 0, overlapMs: 3_600_000 })) as SigningKey;
  expect(await readRotation(api.db, key.id)).toMatchObject({ ended: false });
  expect(await takeBackKey(api.db, key.id)).toBe(true);
  expect(await readRotation(api.db, key.id)).toMatchObject({ ended: true });
  const [taken, still] = (await api.get('/v1/signing-keys')).body.data as SigningKey[];
  expect([taken?.id, still]).toEqual([key.id, before]);
});

const publishing = (tenantId: string, overlapMs: number) =>
  publishKey(api.db, { key: newKeyPair(api.deps.vault, newId('sgk')), tenantId, publishForMs: 0, overlapMs });
const tenantIdOf = async (tenant: string) =>
  `tnt_${(await api.db.query('select id from tenants where external_id = $1', [tenant])).rows[0].id.replaceAll('-', '')}`;

it('an owner has five published, but for a leak, and makes twenty in an hour', async () => {
  const tenant = await api.makeTenant();
  const tenantId = await tenantIdOf(tenant);
  const rotate = (body?: object) => api.post(`/v1/tenants/${tenant}/signing-keys/rotate`, body);
  for (let n = 0; n < 5; n++) {
    await until('the one before to have ended', async () => (await publishing(tenantId, 1)) !== 'under_way');
  }
  expect(await until('it to be refused', async () => ((await publishing(tenantId, 1)) === 'too_many' ? true : null))).toBe(true);
  expect((await rotate()).status).toBe(409);
  for (let n = 0; n < 15; n++) expect((await rotate({ publishFor: 0, overlap: 0 })).status).toBe(200);
  expect((await rotate({ publishFor: 0, overlap: 0 })).status).toBe(409);
  // also those that had ended before are out of sight
  expect(await keysOf(`/.well-known/tenants/${tenant}/jwks.json`)).toHaveLength(1);
});

it('private keys go with their tenant, rows 30 days after they were seen last', async () => {
  const tenant = await api.makeTenant();
  const tenantId = await tenantIdOf(tenant);
  await publishing(tenantId, 0);
  const { id } = (await publishing(tenantId, 0)) as SigningKey;
  const rows = async () => (await api.db.query('select id, sealed from signing_keys where tenant_id = $1', [uuidOf(tenantId)])).rows;
  await api.db.query(
    `update signing_keys set published_until = now() - interval '31 days' where tenant_id = $1 and signs_until is not null`,
    [uuidOf(tenantId)],
  );
  await forgetRetiredKeys(api.db);
  expect(await rows()).toEqual([{ id: expect.any(String), sealed: expect.any(Buffer) }]);
  expect((await api.call('DELETE', `/v1/tenants/${tenant}`)).status).toBe(204);
  expect(await rows()).toEqual([{ id: expect.stringContaining(id.slice(4, 12)), sealed: null }]);
  // one that was published while its tenant went
  await api.db.query('update signing_keys set sealed = $2 where tenant_id = $1', [uuidOf(tenantId), Buffer.from('seed')]);
  await forgetRetiredKeys(api.db);
  expect(await rows()).toMatchObject([{ sealed: null }]);
});

it('public keys are read in one statement for all who ask at once', async () => {
  let statements = 0;
  const query = async (...args: unknown[]) => {
    statements++;
    return (api.db.query as (...all: unknown[]) => Promise<unknown>)(...args);
  };
  const routes = jwksRoutes({ db: { query } as unknown as typeof api.deps.db });
  const [platform, ofTenant] = ['/.well-known/jwks.json', '/.well-known/tenants/:tenant/jwks.json'].map((path) =>
    routes.find((one) => one.path === path),
  );
  const tenant = await api.makeTenant();
  const call = { params: { tenant } } as Parameters<NonNullable<typeof platform>['handler']>[0];
  const answers = await Promise.all(Array.from({ length: 100 }, () => [platform?.handler(call), ofTenant?.handler(call)]).flat());
  expect(new Set(answers.map((one) => one?.text)).size).toBe(1);
  expect(statements).toBeLessThanOrEqual(2);
});

it('a process that holds keys hears of a rotation within a second, and asks no more than once a second', async () => {
  const tenantId = await tenantIdOf(await api.makeTenant());
  let statements = 0;
  const counted = new Proxy(api.db, {
    get(db, name) {
      if (name === 'query') statements++;
      return Reflect.get(db, name).bind(db);
    },
  });
  const signersOf = createKeyRing(counted, api.deps.vault);
  const now = async () => (await signersOf(tenantId)).map(({ keyId }) => keyId);
  const [before] = await now();
  for (let n = 0; n < 100; n++) expect(await now()).toEqual([before]);
  expect(statements).toBeLessThanOrEqual(3);
  const { id } = (await api.post('/v1/signing-keys/rotate', { publishFor: '0s', overlap: '0s' })).body;
  expect(await until('the new key alone', async () => ((await now()).join() === id ? true : null))).toBe(true);
});
