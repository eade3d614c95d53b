// If-Match: a change is refused if somebody else has changed the settings since they were read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { createApi } from '../../support/api.ts';
import { allRoutes } from '../../support/client-types.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';
const made = async (path: string, body: object): Promise<string> => (await api.post(path, body)).body.id;
const makeEndpoint = async (more: object = {}) => (await api.makeEndpoint(await api.makeTenant(), url, more)).id;

interface Case {
  /** Makes one, and returns its path. */
  make(): Promise<string>;
  /** A change that says which one it is. */
  change(n: number): object;
}

let types = 0;
const cases: Record<string, Case> = {
  changeTenant: { make: async () => `/v1/tenants/${await api.makeTenant()}`, change: (n) => ({ metadata: { n: String(n) } }) },
  changeEndpoint: { make: async () => `/v1/endpoints/${await makeEndpoint()}`, change: (n) => ({ headers: { 'x-n': String(n) } }) },
  changeEventType: {
    async make() {
      const name = `if_match.type_${types++}`;
      await api.post('/v1/event-types', { name });
      return `/v1/event-types/${name}`;
    },
    change: (n) => ({ description: String(n) }),
  },
  changeAlertChannel: {
    make: async () => `/v1/alert-channels/${await made('/v1/alert-channels', { kind: 'slack', settings: { url } })}`,
    change: (n) => ({ settings: { url: `${url}/${n}` } }),
  },
  changeSandboxEndpoint: {
    make: async () => `/v1/sandbox-endpoints/${await made(`/v1/tenants/${await api.makeTenant()}/sandbox-endpoints`, {})}`,
    change: (n) => ({ script: String(200 + n) }),
  },
  changeReplay: {
    make: async () => `/v1/replays/${await made('/v1/replays', { since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' })}`,
    change: (n) => ({ perSecond: n + 1 }),
  },
};

const patch = (path: string, body: object, ifMatch?: string, headers: Record<string, string> = {}) =>
  api.call('PATCH', path, body, { headers: { ...headers, ...(ifMatch !== undefined && { 'if-match': ifMatch }) } });
const etagOf = async (path: string): Promise<string> => (await api.get(path)).body.etag;

it('is heeded by everything that can be changed', () => {
  const patched = allRoutes().filter(({ method }) => method === 'patch');
  expect(patched.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(cases).toSorted());
  expect(patched.filter(({ heedsIfMatch }) => !heedsIfMatch)).toEqual([]);
});

describe.each(Object.entries(cases))('%s', (_operation, { make, change }) => {
  it('lets exactly one of 20 through that have read the same', async () => {
    const path = await make();
    const etag = await etagOf(path);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => patch(path, change(n + 1), etag)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(19).fill(412)]);
    const [winner] = answers.filter(({ status }) => status === 200);
    expect(await etagOf(path)).toBe(winner?.body.etag);
  });

  it('shows the tag as header and in the body, compares it as HTTP says, and changes nothing when it is another', async () => {
    const path = await make();
    const { body, headers } = await api.get(path);
    expect(body.etag).toMatch(/^"[\w-]{22}"$/);
    expect(headers.get('etag')).toBe(body.etag);
    const stale = '"AAAAAAAAAAAAAAAAAAAAAA"';
    for (const ifMatch of [stale, `W/${body.etag}`, `${stale},W/${body.etag}`]) {
      expect(await patch(path, change(1), ifMatch)).toMatchObject({ status: 412, body: { code: 'precondition_failed', errors: [] } });
    }
    for (const ifMatch of ['', ',', 'AAAA', '"a', '*, "a"', '"a" "b"', `w/${body.etag}`, '"a"b']) {
      const refused = await patch(path, change(1), ifMatch);
      expect(refused, ifMatch).toMatchObject({ status: 400, body: { code: 'malformed', errors: [{ path: 'If-Match' }] } });
    }
    expect((await api.get(path)).body.etag).toBe(body.etag);
    const changed = await patch(path, change(1), `"a,b" ,, ${stale}, ${body.etag}`);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe(changed.body.etag);
    expect(changed.body.etag).not.toBe(body.etag);
    expect((await patch(path, change(2), '*')).status).toBe(200);
    expect((await patch(path, change(1))).body.etag).toBe(changed.body.etag);
    expect(
      (
        await patch(
          path.replace(/.$/, (last) => (last === 'f' ? 'e' : 'f')),
          change(1),
          '*',
        )
      ).status,
    ).toBe(404);
  });

  it('answers a repeat with its Idempotency-Key as before, and refuses the key with another tag', async () => {
    const path = await make();
    const etag = await etagOf(path);
    const key = { 'idempotency-key': path };
    const first = await patch(path, change(1), etag, key);
    await patch(path, change(2));
    const again = await patch(path, change(1), etag, key);
    expect([again.status, again.body, again.headers.get('etag')]).toEqual([200, first.body, first.body.etag]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await patch(path, change(1), first.body.etag, key)).status).toBe(409);
    expect((await patch(path, change(1), etag)).status).toBe(412);
  });
});

describe('a delete', () => {
  const deletable = allRoutes().filter(({ method, heedsIfMatch }) => method === 'delete' && heedsIfMatch);
  it.each(deletable.map(({ operationId }) => operationId.replace('delete', 'change')))(
    'of what %s changes is refused, too',
    async (name) => {
      const { make, change } = cases[name] as Case;
      const path = await make();
      const etag = await etagOf(path);
      const remove = (ifMatch: string) => api.call('DELETE', path, undefined, { headers: { 'if-match': ifMatch } });
      const { body: changed } = await patch(path, change(1));
      expect(await remove(etag)).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
      expect((await api.get(path)).body.etag).toBe(changed.etag);
      expect((await remove(changed.etag)).status).toBe(204);
    },
  );
});

describe('the tag of an endpoint', () => {
  it('stays when something else changes: its gate, its failures, its signing secrets', async () => {
    const id = await makeEndpoint();
    const path = `/v1/endpoints/${id}`;
    const etag = await etagOf(path);
    await api.post(`${path}/rotate-secret`, {});
    expect((await api.post(`${path}/pause`)).headers.get('etag')).toBe(etag);
    await api.post(`${path}/resume`);
    const failed = `update endpoints set gate = 'disabled', gate_reason = 'gone', not_before = now(), updated_at = now() where id = $1`;
    await api.db.query(failed, [uuidOf(id)]);
    expect(await patch(path, { description: 'x' }, etag)).toMatchObject({ status: 200 });
  });

  it('tells when a secret has changed that is not shown, and no other endpoint has it', async () => {
    const settings = { headers: { 'x-key': 'one' }, auth: { type: 'bearer', token: 'one' }, metadata: { b: '1', a: '2' } };
    const path = `/v1/endpoints/${await makeEndpoint(settings)}`;
    const first = await etagOf(path);
    expect(await etagOf(`/v1/endpoints/${await makeEndpoint(settings)}`)).not.toBe(first);
    const { body: changed } = await patch(path, { headers: { 'x-key': 'two' } });
    expect(changed.headers).toEqual({ 'x-key': '***' });
    expect(changed.etag).not.toBe(first);
    expect((await patch(path, { auth: { type: 'bearer', token: '***' }, metadata: { a: '2', b: '1' } })).body.etag).toBe(changed.etag);
    expect((await patch(path, { headers: { 'X-Key': 'one' } }, first)).status).toBe(412);
  });

  it('is in lists, and the same for a portal link, which can save with it', async () => {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, url);
    const { token } = (await api.post('/v1/portal-links', { tenant })).body;
    const portal = createApi(api.origin, token);
    const etag = await etagOf(`/v1/endpoints/${id}`);
    expect((await portal.get(`/v1/tenants/${tenant}/endpoints`)).body.data).toMatchObject([{ id, etag }]);
    expect((await portal.call('PATCH', `/v1/endpoints/${id}`, { description: 'x' }, { headers: { 'if-match': etag } })).status).toBe(200);
    const stale = { headers: { 'if-match': etag } };
    expect((await portal.call('PATCH', `/v1/endpoints/${id}`, { description: 'y' }, stale)).status).toBe(412);
    // of another tenant: not even that there is one
    const other = await makeEndpoint();
    const foreign = { headers: { 'if-match': await etagOf(`/v1/endpoints/${other}`) } };
    for (const options of [foreign, stale])
      expect((await portal.call('PATCH', `/v1/endpoints/${other}`, { description: 'y' }, options)).status).toBe(404);
  });

  it('is compared also by a change of nothing; a GET is answered in full, since the rest of it changes without the tag', async () => {
    const path = `/v1/endpoints/${await makeEndpoint()}`;
    const etag = await etagOf(path);
    expect((await patch(path, {}, etag)).status).toBe(200);
    expect((await patch(path, {}, '"x"')).status).toBe(412);
    expect((await api.call('GET', path, undefined, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });
});

it('a tenant that is made again under its id has another tag', async () => {
  const tenant = await api.makeTenant();
  const path = `/v1/tenants/${tenant}`;
  const etag = await etagOf(path);
  await api.call('DELETE', path);
  await api.makeTenant(tenant);
  expect((await patch(path, { name: 'x' }, etag)).status).toBe(412);
});
