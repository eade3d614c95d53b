// Signing settings, key pairs and public keys over HTTP.
import { importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jwksRoutes } from '#api/routes/endpoints/jwks';
import { KeyRing } from '#attempts/key-ring';
import { liveSecrets } from '#db/endpoints/secrets';
import { publishKey, readRotation, takeBackKey } from '#db/keys/key-rotation';
import { newKeyPair } from '#db/keys/signing-key';
import { forgetRetiredKeys } from '#db/keys/signing-keys';
import type { SigningKey } from '#domain/endpoints/signing-keys';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { until } from '../../support/until.ts';
import { type ApiServer, startApi } from '../api-server.ts';

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
  it('is signed by its settings, with a secret of that form, shown once', async () => {
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
    ['a reserved header', { signing: { custom: { ...github, header: 'webhook-id' } } }, [422, 'signing.custom.header']],
    [
      'a header that it also sets itself',
      { signing: { custom: github }, headers: { 'x-hub-signature-256': 'a' } },
      [422, 'signing.custom.header'],
    ],
    ['a text secret for v1', { signing: { custom: github }, secret: "It's a Secret to Everybody" }, [422, 'secret']],
    [
      'a secret that is not hex',
      { signing: { schemes: [], custom: { ...github, secretAs: 'hex' } }, secret: 'z'.repeat(32) },
      [422, 'secret'],
    ],
    ['a text secret without a custom scheme', { secret: "It's a Secret to Everybody" }, [422, 'secret']],
  ])('is refused with %s', async (_name, body, problem) => {
    expect(pathsOf(await make(body))).toEqual(problem);
  });

  it('can be changed only to schemes that fit its secrets, and rotated only to secrets that fit', async () => {
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

  it('need the newest secret to fit, not one that is about to end', async () => {
    const { id, secret } = (await make({ signing: { custom: github } })).body;
    await api.call('PATCH', `/v1/endpoints/${id}`, { signing: { schemes: [], custom: github } });
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text })).status).toBe(200);
    const live = [{ secretId: expect.any(String), sealed: expect.anything() }];
    expect(await liveSecrets(api.db, id)).toEqual([...live, ...live]);
    expect(secret).toMatch(/^whsec_/);
    expect(pathsOf(await api.call('PATCH', `/v1/endpoints/${id}`, { signing: null }))).toEqual([422, 'signing']);
  });

  it('wait for each other: an endpoint never has a secret that does not fit', async () => {
    const { id } = (await make({ signing: { custom: github } })).body;
    await api.call('PATCH', `/v1/endpoints/${id}`, { signing: { schemes: [], custom: github } });
    // each is valid for the current state, but not after the other; both wait for the lock
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

  it('to a secret that is already in use is refused', async () => {
    const { id } = (await make(asText)).body;
    const again = await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text });
    expect(again).toMatchObject({ status: 422, body: { errors: [{ path: 'secret', message: 'is already in use for signing' }] } });
    const other = { secret: `${text}!`, overlap: 0 };
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, other)).status).toBe(200);
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, { secret: text })).status).toBe(200);
  });
});

const jwksOf = (tenant: string) => `/.well-known/tenants/${tenant}/jwks.json`;
const keysOf = async (tenant: string) => (await api.call('GET', jwksOf(tenant), undefined, { key: null })).body.keys;
const kids = async (tenant: string) => (await keysOf(tenant)).map(({ kid }: { kid: string }) => kid);
const rotateOf =
  (tenant: string) =>
  (body?: object): ReturnType<typeof api.post> =>
    api.post(`/v1/tenants/${tenant}/signing-keys/rotate`, body);
/** A tenant with an endpoint that is signed with its key pair. */
async function withKey() {
  const tenant = await api.makeTenant();
  const { id, publicKeys } = (await make({ signing: { schemes: ['v1a'] } }, tenant)).body;
  return { tenant, endpoint: id as string, publicKeys: publicKeys as string[], kid: (await kids(tenant))[0] as string };
}

describe('key pairs', () => {
  it("are created with a tenant's first endpoint that needs one; its public key is shown there and in the tenant's JWK set", async () => {
    const tenant = await api.makeTenant();
    expect(await keysOf(tenant)).toEqual([]);
    const { body } = await make({ signing: { schemes: ['v1a'] } }, tenant);
    const other = await make({ signing: { schemes: ['v1'], messageSignatures: { algorithm: 'ed25519' } } }, tenant);
    expect(body.publicKeys).toEqual([expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/)]);
    expect(other.body.publicKeys).toEqual(body.publicKeys);
    const [jwk, ...more] = await keysOf(tenant);
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
    const { rows } = await api.db.query(
      `select actor_kind, target_id, tenant_id from posthorn_audit.audit_log where action = 'signing_key.rotate' order by seq desc limit 1`,
    );
    expect(rows).toEqual([{ actor_kind: 'system', target_id: jwk.kid, tenant_id: expect.stringContaining('-') }]);
  });

  it('are also created by a change and by a portal link, but not for an unknown endpoint', async () => {
    const tenant = await api.makeTenant();
    const { id } = (await make({}, tenant)).body;
    expect((await api.get(`/v1/endpoints/${id}`)).body.publicKeys).toBe(null);
    const { token } = (await api.post('/v1/portal-links', { tenant })).body;
    const changed = await api.call('PATCH', `/v1/endpoints/${id}`, { signing: { schemes: ['v1a'] } }, { key: token });
    expect(changed.body.publicKeys).toHaveLength(1);
    expect(await kids(tenant)).toHaveLength(1);
    expect((await make({ signing: { schemes: ['v1a'] } }, 'nobody')).status).toBe(404);
    expect(await keysOf('nobody')).toEqual([]);
  });

  it('are created once, even for two concurrent endpoints', async () => {
    const tenant = await api.makeTenant();
    const made = await Promise.all([1, 2, 3].map(() => make({ signing: { schemes: ['v1a'] } }, tenant)));
    expect(new Set(made.map(({ body }) => body.publicKeys.join())).size).toBe(1);
    expect(await kids(tenant)).toHaveLength(1);
  });

  it('differ between tenants, and there is no JWK set of all tenants', async () => {
    const [one, other] = [await withKey(), await withKey()];
    expect(one.publicKeys).not.toEqual(other.publicKeys);
    expect(await kids(one.tenant)).toEqual([one.kid]);
    for (const path of ['/.well-known/jwks.json', '/v1/signing-keys']) expect((await api.get(path)).status).toBe(404);
  });

  it('can be cached: ETag, max-age and 304', async () => {
    const { tenant } = await withKey();
    const first = await api.call('GET', jwksOf(tenant), undefined, { key: null });
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    const again = await api.call('GET', jwksOf(tenant), undefined, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    expect(again).toMatchObject({ status: 304, body: null });
  });

  it('are rotated at published dates, one rotation at a time; after a leak all others end and disappear at once', async () => {
    const { tenant, endpoint, kid: first } = await withKey();
    const rotate = rotateOf(tenant);
    const { body: next } = await rotate({ publishFor: '2h', overlap: '1h' });
    expect(next.tenant).toBe(tenant);
    const hours = (from: string, to: string | null) => (Date.parse(to ?? '') - Date.parse(from)) / 3_600_000;
    expect([hours(next.publishedAt, next.signsFrom), hours(next.publishedAt, next.aloneFrom)]).toEqual([2, 3]);
    const [jwk, before] = await keysOf(tenant);
    expect([jwk.kid, jwk.exp, before.kid]).toEqual([next.id, undefined, first]);
    // whole seconds, and the old key does not end too early
    expect([3_600, 3_601]).toContain(before.exp - jwk.nbf);
    expect((await rotate()).status).toBe(409);
    expect((await api.get(`/v1/endpoints/${endpoint}`)).body.publicKeys).toHaveLength(2);
    const leak = await rotate({ publishFor: '0s', overlap: '0s' });
    expect(await kids(tenant)).toEqual([leak.body.id]);
    expect((await api.get(`/v1/tenants/${tenant}/signing-keys`)).body.data).toEqual([leak.body]);
    expect((await api.get(`/v1/endpoints/${endpoint}`)).body.publicKeys).toEqual([leak.body.publicKey]);
    await forgetRetiredKeys(api.db);
    const { rows } = await api.db.query('select id from signing_keys where tenant_id = $1 and sealed is not null', [
      uuidOf(await tenantIdOf(tenant)),
    ]);
    expect(rows.map(({ id }) => id.replaceAll('-', ''))).toEqual([uuidOf(leak.body.id)]);
    expect((await rotateOf('nobody')()).status).toBe(404);
  });

  it("of one tenant are rotated without changing another's", async () => {
    const [one, other] = [await withKey(), await withKey()];
    expect((await rotateOf(one.tenant)({ publishFor: '0s', overlap: '0s' })).status).toBe(200);
    expect(await kids(one.tenant)).not.toContain(one.kid);
    expect(await kids(other.tenant)).toEqual([other.kid]);
    expect((await rotateOf(one.tenant)()).status).toBe(200);
    // a rotation of one tenant does not block another tenant
    expect((await rotateOf(other.tenant)()).status).toBe(200);
  });
});

it('a rotation cancelled while both keys sign leaves the earlier keys as they were', async () => {
  const { tenant } = await withKey();
  const tenantId = await tenantIdOf(tenant);
  const shown = async () => (await api.get(`/v1/tenants/${tenant}/signing-keys`)).body.data as SigningKey[];
  const [before] = await shown();
  const key = (await publishing(tenantId, 3_600_000)) as SigningKey;
  expect(await readRotation(api.db, key.id)).toMatchObject({ ended: false });
  expect(await takeBackKey(api.db, key.id)).toBe(true);
  expect(await takeBackKey(api.db, key.id)).toBe(false);
  expect(await readRotation(api.db, key.id)).toMatchObject({ ended: true });
  const [taken, still] = await shown();
  expect([taken?.id, still]).toEqual([key.id, before]);
});

const publishing = (tenantId: string, overlapMs: number) =>
  publishKey(api.db, { key: newKeyPair(api.deps.vault, newId('sgk')), tenantId, publishForMs: 0, overlapMs });
const tenantIdOf = async (tenant: string) =>
  `tnt_${(await api.db.query('select id from tenants where external_id = $1', [tenant])).rows[0].id.replaceAll('-', '')}`;

it('a tenant has at most five published keys, except after a leak, and creates at most twenty per hour', async () => {
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
  // keys that had already ended are not published any more
  expect(await keysOf(tenant)).toHaveLength(1);
});

it('private keys are deleted with their tenant, rows 30 days after they were last published', async () => {
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
  // a key that was published while its tenant was deleted
  await api.db.query('update signing_keys set sealed = $2 where tenant_id = $1', [uuidOf(tenantId), Buffer.from('seed')]);
  await forgetRetiredKeys(api.db);
  expect(await rows()).toMatchObject([{ sealed: null }]);
});

it('concurrent reads of public keys share one statement', async () => {
  let statements = 0;
  const query = async (...args: unknown[]) => {
    statements++;
    return (api.db.query as (...all: unknown[]) => Promise<unknown>)(...args);
  };
  const [ofTenant] = jwksRoutes({ db: { query } as unknown as typeof api.deps.db });
  const tenants = [(await withKey()).tenant, (await withKey()).tenant];
  const ask = (tenant: string) => ofTenant?.handler({ params: { tenant } } as Parameters<typeof ofTenant.handler>[0]);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(tenants[n % 2] ?? '')));
  expect(new Set(answers.map((one) => one?.text)).size).toBe(2);
  expect(statements).toBeLessThanOrEqual(2);
});

describe('a process that caches keys', () => {
  /** The names of the statements that it runs. */
  function ring(most?: number) {
    const asked: string[] = [];
    const counted = new Proxy(api.db, {
      get(db, name) {
        const found = Reflect.get(db, name).bind(db);
        if (name !== 'query') return found;
        return (statement: { name?: string }, ...more: unknown[]) => {
          asked.push(statement.name ?? '');
          return found(statement, ...more);
        };
      },
    });
    const keyRing = new KeyRing(counted, api.deps.vault, most);
    const now = async (tenantId: string) => (await keyRing.signersOf(tenantId)).map(({ keyId }) => keyId);
    return { now, reads: () => asked.filter((name) => name === 'read_held_keys').length, asked };
  }

  it('learns of a rotation within a second, and queries at most once a second', async () => {
    const { tenant, kid } = await withKey();
    const tenantId = await tenantIdOf(tenant);
    const { now, asked } = ring();
    for (let n = 0; n < 100; n++) expect(await now(tenantId)).toEqual([kid]);
    expect(asked.length).toBeLessThanOrEqual(3);
    const { id } = (await rotateOf(tenant)({ publishFor: '0s', overlap: '0s' })).body;
    expect(await until('the new key alone', async () => ((await now(tenantId)).join() === id ? true : null))).toBe(true);
  });

  it("reads no other tenant's keys again when one tenant's change", async () => {
    const [one, other] = [await withKey(), await withKey()];
    const [oneId, otherId] = [await tenantIdOf(one.tenant), await tenantIdOf(other.tenant)];
    const { now, reads } = ring();
    await Promise.all([now(oneId), now(otherId)]);
    const { id } = (await rotateOf(one.tenant)({ publishFor: '0s', overlap: '0s' })).body;
    // a tenant that none of them has cached
    await withKey();
    await until('the new key', async () => ((await now(oneId)).join() === id ? true : null));
    const before = reads();
    expect(await now(otherId)).toEqual([other.kid]);
    expect(reads()).toBe(before);
  });

  it('creates the first key pair of a tenant once, and none for a deleted tenant', async () => {
    const tenant = await api.makeTenant();
    const tenantId = await tenantIdOf(tenant);
    const [one, other] = [ring(), ring()];
    const made = await Promise.all([one.now(tenantId), one.now(tenantId), other.now(tenantId)]);
    expect(new Set(made.flat())).toEqual(new Set(await kids(tenant)));
    expect(made.flat()).toHaveLength(3);
    await api.call('DELETE', `/v1/tenants/${tenant}`);
    expect(await ring().now(tenantId)).toEqual([]);
    expect((await api.db.query('select from signing_keys where tenant_id = $1 and sealed is not null', [uuidOf(tenantId)])).rowCount).toBe(
      0,
    );
  });

  it('caches the keys of a limited number of tenants, and evicts the least recently used', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => tenantIdOf((await withKey()).tenant)));
    const [a = '', b = '', c = ''] = ids;
    const { now, reads } = ring(2);
    for (const id of [a, b, a, c]) await now(id);
    expect(reads()).toBe(3);
    await now(a);
    expect(reads()).toBe(3);
    await now(b);
    expect(reads()).toBe(4);
  });
});
