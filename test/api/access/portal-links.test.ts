// Portal links: short-lived, bound to one tenant, revocable.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFrameOrigins } from '#db/access/portal-links';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { listed } from '../listed.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await startApi({ logLevel: 'debug' });
  for (const tenant of ['acme', 'other', 'third']) await api.makeTenant(tenant);
});
afterAll(() => api.close());

const logo = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

interface Made {
  id: string;
  url: string;
  token: string;
  expiresAt: string;
}

async function make(more: object = {}, by = apiKey): Promise<Made> {
  const { status, body } = await api.call('POST', '/v1/portal-links', { tenant: 'acme', ...more }, { key: by });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

const statusOf = async (key: string, method: string, path: string, body?: unknown) => (await api.call(method, path, body, { key })).status;

describe('a portal link', () => {
  it('reads and changes only its tenant’s data', async () => {
    const link = await make();
    expect(link).toMatchObject({
      id: expect.stringMatching(/^lnk_/),
      tenant: 'acme',
      scopes: ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'],
      revokedAt: null,
      createdBy: 'bootstrap',
    });
    const life = Date.parse(link.expiresAt) - Date.now();
    expect([life > 3_590_000, life <= 3_600_000]).toEqual([true, true]);
    const { status } = await api.call('POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/hook' }, { key: link.token });
    expect(status).toBe(201);
    expect(await statusOf(link.token, 'GET', '/v1/tenants/acme')).toBe(200);
    expect(await statusOf(link.token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(link.token, 'GET', '/v1/tenants/other')).toBe(404);
    expect(await statusOf(link.token, 'POST', '/v1/tenants/acme/events', { type: 'a', data: 1 })).toBe(403);
    expect(await statusOf(link.token, 'GET', '/v1/api-keys')).toBe(403);
    expect(await statusOf(link.token, 'POST', '/v1/portal-links', {})).toBe(403);
  });

  it('can be created with fewer scopes', async () => {
    const { token } = await make({ scopes: ['deliveries:read'], expiresIn: '5m' });
    expect(await statusOf(token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(token, 'GET', '/v1/tenants/acme/endpoints')).toBe(403);
  });

  it('stops working when it expires or is revoked', async () => {
    const [one, two] = [await make(), await make()];
    expect(await statusOf(one.token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(apiKey, 'DELETE', `/v1/portal-links/${one.id}`)).toBe(204);
    expect(await statusOf(one.token, 'GET', '/v1/deliveries')).toBe(401);
    expect(await statusOf(apiKey, 'DELETE', `/v1/portal-links/${one.id}`)).toBe(204);
    expect(await statusOf(two.token, 'GET', '/v1/deliveries')).toBe(200);
    await api.db.query(`update portal_links set expires_at = now() - interval '1 second' where id = $1`, [two.id.slice(4)]);
    api.deps.access.callers.forget(two.id);
    expect(await statusOf(two.token, 'GET', '/v1/deliveries')).toBe(401);
  });

  it('whose token names another tenant than its row is refused', async () => {
    const { id, expiresAt } = await make();
    const { rows } = await api.db.query(`select 'tnt_' || replace(id::text, '-', '') as id from tenants where external_id = 'other'`);
    const token = await api.deps.access.tokens.sign({ linkId: id, tenantId: rows[0].id, expiresAtMs: Date.parse(expiresAt) });
    expect(await statusOf(token, 'GET', '/v1/deliveries')).toBe(401);
  });

  it('works in the other process, and is neither stored nor logged', async () => {
    const { token } = await make();
    await api.call('GET', '/v1/deliveries', undefined, { key: token });
    const signature = token.split('.')[2] ?? '';
    const { rows } = await api.db.query('select l::text as row from portal_links l');
    expect(JSON.stringify([rows, api.logLines])).not.toContain(signature);
  });

  it('has the address of the portal, and describes itself to it', async () => {
    const plain = await make();
    expect(plain.url).toBe(`${api.origin}/portal#token=${plain.token}`);
    const current = async (key: string) => (await api.call('GET', '/v1/portal-links/current', undefined, { key })).body;
    expect(await current(plain.token)).toEqual({
      id: plain.id,
      tenant: { id: 'acme', name: expect.any(String) },
      scopes: ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'],
      theme: { accent: null, radius: null, mode: 'system', logo: null },
      language: null,
      origins: [],
      expiresAt: plain.expiresAt,
    });
    const origins = ['https://app.example.com', 'http://localhost:3000'];
    const dressed = await make({ theme: { accent: '#B3261E', radius: 2, mode: 'dark', logo }, language: 'de', origins });
    expect(dressed.url).toBe(`${api.origin}/portal/${dressed.id}#token=${dressed.token}`);
    expect(dressed).toMatchObject({ theme: { accent: '#B3261E', radius: 2, mode: 'dark', logo: true }, language: 'de', origins });
    expect(await current(dressed.token)).toMatchObject({
      theme: { accent: '#B3261E', radius: 2, mode: 'dark', logo },
      language: 'de',
      origins,
    });
    expect(await statusOf(apiKey, 'GET', '/v1/portal-links/current')).toBe(404);
    const listedLink = (await api.call('GET', '/v1/portal-links?limit=1')).body.data[0];
    expect(listedLink).toMatchObject({ id: dressed.id, theme: { logo: true } });
    expect(listedLink).not.toHaveProperty('url');
  });

  it('shares its logo with the other links of the tenant only', async () => {
    const bound = (await api.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: 'third' })).body.key;
    const image = `${logo.slice(0, 22)}${Buffer.from('<svg ></svg>').toString('base64')}`.replace('image/png', 'image/svg+xml');
    for (let n = 0; n < 2; n++) await make({ theme: { logo: image } });
    await make({ tenant: undefined, theme: { logo: image } }, bound);
    const { rows } = await api.db.query(
      'select count(*)::int as n, count(distinct tenant_id)::int as tenants from portal_logos where image = $1',
      [image],
    );
    expect(rows).toEqual([{ n: 2, tenants: 2 }]);
  });

  it('names the sites that may embed it, also when it is revoked', async () => {
    const [plain, framed] = [await make(), await make({ origins: ['https://app.example.com'] })];
    await api.call('DELETE', `/v1/portal-links/${framed.id}`);
    expect(await readFrameOrigins(api.deps.db, [plain.id, framed.id, 'lnk_0199c8f0000070008000000000000000'])).toEqual([
      null,
      ['https://app.example.com'],
      null,
    ]);
  });

  it('is the same when its request is repeated', async () => {
    const ask = () => api.post('/v1/portal-links', { tenant: 'acme' }, { headers: { 'idempotency-key': 'one-link' } });
    const first = await ask();
    await api.db.query(`update idempotency_keys set status = null, claimed_until = now() - interval '1 second' where key = 'one-link'`);
    const again = await ask();
    expect([again.body.id, again.body.expiresAt]).toEqual([first.body.id, first.body.expiresAt]);
    expect(await statusOf(again.body.token, 'GET', '/v1/deliveries')).toBe(200);
  });

  it('of a tenant-bound key is bound to the same tenant', async () => {
    const bound = (await api.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: 'other' })).body;
    const link = await make({ tenant: undefined }, bound.key);
    expect(link).toMatchObject({ tenant: 'other', createdBy: bound.id });
    expect(await statusOf(bound.key, 'POST', '/v1/portal-links', { tenant: 'acme' })).toBe(404);
    const foreign = await make();
    expect(await statusOf(bound.key, 'DELETE', `/v1/portal-links/${foreign.id}`)).toBe(404);
    const page = (await api.call('GET', '/v1/portal-links', undefined, { key: bound.key })).body;
    expect(page.data.map(({ id }: Made) => id)).toEqual([link.id]);
    expect(await listed(api, '/v1/portal-links?tenant=other')).toEqual([link.id]);
  });

  it.each<[string, object, number, string]>([
    ['no tenant', { tenant: undefined }, 422, 'tenant'],
    ['a lifetime of two days', { expiresIn: '2d' }, 422, 'expiresIn'],
    ['a lifetime under a minute', { expiresIn: '59s' }, 422, 'expiresIn'],
    ['admin', { scopes: ['admin'] }, 422, 'scopes'],
    ['no scope', { scopes: [] }, 422, 'scopes'],
    ['a colour by name', { theme: { accent: 'red' } }, 422, 'theme.accent'],
    ['a logo elsewhere', { theme: { logo: 'https://example.com/logo.png' } }, 422, 'theme.logo'],
    ['a style of its own', { theme: { css: 'body{}' } }, 422, 'theme.css'],
    ['a language that is not there', { language: 'fr' }, 422, 'language'],
    ['an origin with a directive', { origins: ['https://a.example', 'https://b.example;script-src *'] }, 422, 'origins[1]'],
    ['too many origins', { origins: Array.from({ length: 11 }, (_, n) => `https://a${n}.example`) }, 422, 'origins'],
  ])('with %s is refused', async (_, wrong, status, path) => {
    const before = (await api.db.query('select from portal_links')).rowCount;
    expect(await api.post('/v1/portal-links', { tenant: 'acme', ...wrong })).toMatchObject({ status, body: { errors: [{ path }] } });
    expect((await api.db.query('select from portal_links')).rowCount).toBe(before);
  });

  it('of an unknown tenant or with an unknown id gets 404', async () => {
    expect((await api.post('/v1/portal-links', { tenant: 'nobody' })).status).toBe(404);
    expect((await api.call('DELETE', '/v1/portal-links/lnk_0199c8f0000070008000000000000000')).status).toBe(404);
  });
});
