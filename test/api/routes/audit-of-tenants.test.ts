// What a caller that is bound to a tenant sees of the audit log and of the delivery log.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Call, Route } from '#api/http/route';
import { auditLogRoutes } from '#api/routes/access/audit-log';
import { type AttemptFilter, attemptPages } from '#db/deliveries/attempt-export';
import { asTenant, type ScopedDb, scopedDb } from '#db/store/tenant-scope';
import type { Caller } from '#domain/access/access';
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import { type ApiServer, startApi } from '../api-server.ts';
import { auditAtHand, type Entry, linesOf, url } from '../audit-at-hand.ts';
import { planned } from '../deliveries-at-hand.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
const { log, endpoint } = auditAtHand(() => api);

describe('a caller that is bound to a tenant', () => {
  const asked = { limit: 50, format: 'ndjson' };

  async function of(tenant: { id: string; key: string }, operationId: string, query: object, db: ScopedDb = api.deps.db): Promise<Answer> {
    const route = auditLogRoutes({ ...api.deps, db }).find((one) => one.operationId === operationId);
    const caller: Caller = { kind: 'portal_link', id: 'lnk_1', tenant, scopes: ['admin'], address: null };
    const call = { query: { ...asked, ...query }, caller } as unknown as Call<unknown, unknown, unknown>;
    return await (route as Route).handler(call);
  }
  const streamOf = ({ stream }: Answer) => textOf(Readable.from(stream ?? []));

  async function tenantOf(key: string) {
    const { rows } = await api.db.query('select id from tenants where external_id = $1', [key]);
    return { key, id: idOf('tnt', rows[0].id) };
  }

  const manyAttempts = (of: string, count: number) =>
    api.db.query(
      `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, total_ms)
       select $1, gen_random_uuid(), 1, n, now() - interval '2 minutes' - n * interval '50 ms', 'accepted', 'HTTP 200', 1 from generate_series(1, $2) n`,
      [uuidOf(of), count],
    );

  it('sees its own entries and attempts, and gets 404 for other tenants', async () => {
    const [own, other] = [await endpoint(), await endpoint()];
    const tenant = await tenantOf(own.tenant);
    const { data } = JSON.parse((await of(tenant, 'listAuditLog', {})).text ?? '');
    expect(data.map((entry: Entry) => [entry.action, entry.tenant])).toEqual([
      ['endpoint.create', own.tenant],
      ['tenant.create', own.tenant],
    ]);
    expect(linesOf(await streamOf(await of(tenant, 'exportAuditLog', { tenant: own.tenant })))).toHaveLength(2);
    for (const name of ['listAuditLog', 'exportAuditLog', 'exportDeliveries'])
      await expect(of(tenant, name, { tenant: other.tenant })).rejects.toMatchObject({ status: 404 });
  });

  it('is named in its changes, and sees no more of the log in PostgreSQL either', async () => {
    const [own] = [await endpoint(), await endpoint()];
    const { body: key } = await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:write'], tenant: own.tenant });
    const settings = { description: 'by its own key', url: `${url}&other` };
    expect((await api.call('PATCH', `/v1/endpoints/${own.id}`, settings, { key: key.key })).status).toBe(200);
    expect((await log())[0]).toMatchObject({ actor: { kind: 'api_key', id: key.id }, action: 'endpoint.change', tenant: own.tenant });
    const tenant = await tenantOf(own.tenant);
    const { data } = JSON.parse((await of(tenant, 'listAuditLog', {})).text ?? '');
    const seen = data.map((entry: Entry) => [entry.action, entry.actor.kind, entry.address, entry.requestId && 'told']);
    // the operator's address is hidden from the tenant
    expect(seen.slice(0, 3)).toEqual([
      ['endpoint.change', 'api_key', '127.0.0.1', 'told'],
      ['api_key.create', 'bootstrap', null, null],
      ['endpoint.create', 'bootstrap', null, null],
    ]);
    const lines = linesOf(await streamOf(await of(tenant, 'exportAuditLog', {})));
    expect(lines.map(({ address }) => address)).toEqual([null, null, null, '127.0.0.1']);
    const all = 'select distinct tenant_id::text as id from posthorn_audit.audit_log';
    const { rows } = await asTenant({ tenantId: tenant.id, readOnly: true }, () => scopedDb(api.db).query(all));
    expect(rows.map(({ id }) => idOf('tnt', id))).toEqual([tenant.id]);
  });

  it('reads its own attempts among many deliveries, and no attempts of others', async () => {
    const [own, other] = [await endpoint(), await endpoint()];
    const deliveries = await Promise.all(
      [own, other].map(async ({ tenant, id }) => (await planned(api, tenant, await api.postEvent(tenant), [id]))[0] ?? ''),
    );
    for (const made of deliveries) await manyAttempts(made, 2_500);
    // as old as the attempts
    await api.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status)
       select $2, event_id, endpoint_id, tenant_id, event_type, 'succeeded' from deliveries where id = $1`,
      [uuidOf(deliveries[0] ?? ''), firstUuidAt(Date.now() - 600_000)],
    );
    const tenant = await tenantOf(own.tenant);
    const filter: AttemptFilter = { tenantId: tenant.id, endpointId: null, since: null, until: null };
    const read = async (of: Partial<AttemptFilter>, fewest?: number) => {
      const found: string[] = [];
      const db = scopedDb(api.db);
      await asTenant({ tenantId: tenant.id, readOnly: true }, async () => {
        for await (const page of attemptPages(db, { ...filter, ...of }, null, fewest))
          found.push(...page.map(({ attempt: { attempt, startedAt } }) => `${startedAt} ${attempt}`));
      });
      return found;
    };
    const few = await read({});
    expect(few).toHaveLength(2_500);
    expect(few).toEqual(few.toSorted());
    expect(await read({}, 0)).toEqual(few);
    expect(await read({ endpointId: own.id }, 0)).toEqual(few);
    expect(await read({ tenantId: (await tenantOf(other.tenant)).id }, 0)).toEqual([]);
    const seen = `select * from attempts_seen('-infinity', $1, 'infinity', $2, null, 10000) where id is not null`;
    const values = [firstUuidAt(0), uuidOf((await tenantOf(other.tenant)).id)];
    const { rows } = await asTenant({ tenantId: tenant.id, readOnly: true }, () => scopedDb(api.db).query(seen, values));
    expect(new Set(rows.map(({ delivery_id }) => idOf('dlv', delivery_id)))).toEqual(new Set([deliveries[0]]));
  });

  it('keeps its tenant scope while a streamed answer is read', async () => {
    const scope = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const query = (...args: [string]) => {
      seen.push(scope.getStore());
      return api.db.query(...args);
    };
    const db = { query, connect: () => api.db.connect() } as unknown as ScopedDb;
    const { tenant: key, id } = await endpoint();
    const tenant = await tenantOf(key);
    const [made = ''] = await planned(api, key, await api.postEvent(key), [id]);
    await manyAttempts(made, 2_001);
    const since = new Date(Date.now() - 86_400_000).toISOString();
    const answer = await scope.run('its tenant', () => of(tenant, 'exportDeliveries', { since }, db));
    await streamOf(answer);
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen)).toEqual(new Set(['its tenant']));
  });
});
