// Exports of the audit log and of the delivery log: they continue from any line, are checked CSV or
// NDJSON, end with their reader or key, and are limited for each caller.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '#api/http/route';
import { createExports } from '#api/routes/export-stream';
import { auditCommand } from '#cli/audit';
import { stopEndpoint } from '#db/endpoints/failing-endpoints';
import type { ScopedDb } from '#db/store/tenant-scope';
import type { Caller } from '#domain/access/access';
import { firstUuidAt, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { auditAtHand, linesOf } from '../audit-at-hand.ts';
import { attempted, planned } from '../deliveries-at-hand.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
  // entries of several kinds, with and without a state before and after
  const { tenant, id } = await endpoint();
  for (const change of ['pause', 'resume', 'rotate-secret']) await api.post(`/v1/endpoints/${id}/${change}`);
  await api.call('DELETE', `/v1/tenants/${tenant}`);
});
afterAll(() => api.close());
const { endpoint, delivery, newKey, text } = auditAtHand(() => api);

describe('the export of the audit log', () => {
  it('continues from any line without gap or repeat while others append', async () => {
    const path = '/v1/audit-log/export';
    const name = (n: number) => api.post('/v1/tenants', { name: `n${n}` });
    const first = linesOf((await text(path)).body);
    expect(first.map(({ seq }) => seq)).toEqual(first.map((_, n) => n + 1));
    const middle = first[Math.floor(first.length / 2)];
    const [rest] = await Promise.all([text(`${path}?after=${middle.cursor}`), ...Array.from({ length: 20 }, (_, n) => name(n))]);
    const upTo = linesOf(rest.body);
    const then = linesOf((await text(`${path}?after=${upTo.at(-1).cursor}`)).body);
    const all = [...first.slice(0, middle.seq), ...upTo, ...then].map(({ seq }) => seq);
    expect(all).toEqual(Array.from({ length: first.length + 20 }, (_, n) => n + 1));
    expect(linesOf((await text(`${path}?after=${then.at(-1)?.cursor ?? upTo.at(-1).cursor}`)).body)).toEqual([]);
  });

  it('is enough to verify the hash chain without the database', async () => {
    const { endpoint: id } = await delivery('dead_lettered');
    await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'the endpoint answered 410 Gone');
    let prev = '0'.repeat(64);
    for (const line of linesOf((await text('/v1/audit-log/export')).body)) {
      const { seq, at, actor, tenantId, action, target, before, after, address, requestId, once, prevHash, hash } = line;
      const uuid = tenantId && uuidOf(tenantId).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      const states = [before, after].map((state) => state && JSON.stringify(state));
      const fields = [String(seq), at, actor.kind, actor.id, uuid, action, target.kind, target.id, ...states, address, requestId, once];
      const told = fields.map((field) => (field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`)).join('');
      expect(prevHash).toBe(prev);
      expect(createHash('sha256').update(Buffer.from(prev, 'hex')).update(told).digest('hex'), `entry ${seq}`).toBe(hash);
      prev = hash;
    }
  });

  it('is CSV on request, in which no field can be taken for a formula', async () => {
    await api.post('/v1/tenants', { id: '-1plus', name: '=HYPERLINK("http://x","y")' });
    const { type, body } = await text('/v1/audit-log/export?format=csv&tenant=-1plus');
    expect(type).toBe('text/csv; charset=utf-8; header=present');
    const [head, line, end] = body.split('\r\n');
    expect(head).toBe(
      'seq,at,actor.kind,actor.id,tenant,tenantId,action,target.kind,target.id,before,after,address,requestId,once,prevHash,hash,actor.name,cursor',
    );
    expect(line).toMatch(/^\d+,20[^,]+Z,bootstrap,,'-1plus,tnt_[0-9a-f]{32},tenant\.create,tenant,'-1plus,,"\{""name"":""=HYPER/);
    expect(end).toBe('');
    expect((await text('/v1/audit-log/export?format=csv&tenant=-1plus&action=endpoint.test')).body).toBe(`${head}\r\n`);
    expect((await text('/v1/audit-log/export?format=xml')).status).toBe(422);
  });

  it('can be filtered on the command line, too', async () => {
    const { id } = await endpoint();
    await api.post(`/v1/endpoints/${id}/pause`);
    const exported = async (...more: string[]) => {
      let said = '';
      const write = async (piece: string) => {
        said += piece;
      };
      await auditCommand(['export', ...more], write, { DATABASE_URL: api.db.options.connectionString });
      return linesOf(said);
    };
    const paused = await exported('--action', 'endpoint.pause');
    expect(paused.at(-1)).toMatchObject({ target: { id } });
    expect(new Set(paused.map(({ action }) => action))).toEqual(new Set(['endpoint.pause']));
    await expect(exported('--action', 'endpoint.stop')).rejects.toThrow('--action');
    await expect(exported('--since', '2026-02-02T00:00:00Z', '--until', '2026-02-01T00:00:00Z')).rejects.toThrow(
      '--until: must be later than',
    );
  });

  it('answers 503 if the database is unavailable, and is cut off if that happens halfway', async () => {
    const query = api.deps.db.query.bind(api.deps.db) as (...args: unknown[]) => Promise<unknown>;
    const away = Object.assign(new Error('away'), { code: '57P01' });
    let left = 0;
    api.deps.db.query = ((...args: unknown[]) => (left-- > 0 ? query(...args) : Promise.reject(away))) as typeof api.deps.db.query;
    try {
      expect((await text('/v1/audit-log/export')).status).toBe(503);
      left = 1;
      await query(
        `select posthorn_audit.append_audit('system', null, null, 'tenant.change', 'tenant', n::text, null, null, null, null, null)
        from generate_series(1, 600) n`,
      );
      await expect(text('/v1/audit-log/export')).rejects.toThrow();
      expect(api.logLines.map(({ msg }) => msg)).toContain('api.export_failed');
    } finally {
      api.deps.db.query = query as typeof api.deps.db.query;
    }
  });
});

describe('the export of the delivery log', () => {
  it('has a line for each attempt, ordered by start time, and continues after any line', async () => {
    const { tenant, id } = await endpoint();
    const other = await endpoint();
    const events = [await api.postEvent(tenant), await api.postEvent(tenant)];
    const [old = '', young = ''] = (await Promise.all(events.map((event) => planned(api, tenant, event, [id])))).flat();
    const [others = ''] = await planned(api, other.tenant, await api.postEvent(other.tenant), [other.id]);
    const minutes = (ago: number, of: string, number: number) =>
      api.db.query(
        `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, status_code, total_ms)
         values ($1, $2, 1, $3, now() - $4 * interval '1 minute', 'http_status', 'HTTP 500', 500, 7)`,
        [uuidOf(of), uuidOf(newId('att')), number, ago],
      );
    // the events are as new as this test: the deleted one is as old as the attempts
    await minutes(55, `dlv_${firstUuidAt(Date.now() - 3_600_000)}`, 1);
    for (const [ago, of, number] of [
      [50, old, 1],
      [40, young, 1],
      [30, others, 1],
      [20, old, 2],
      [0.1, old, 3],
    ] as const)
      await minutes(ago, of, number);
    const path = `/v1/deliveries/export?since=${new Date(Date.now() - 3_600_000).toISOString()}`;
    const all = linesOf((await text(path)).body);
    expect(all.map(({ delivery: of, number }) => [of, number])).toEqual([
      [old, 1],
      [young, 1],
      [others, 1],
      [old, 2],
    ]);
    expect(all[0]).toMatchObject({
      tenant,
      event: events[0],
      endpoint: id,
      outcome: 'http_status',
      status: 500,
      deliveryStatus: 'pending',
    });
    expect(linesOf((await text(`${path}&after=${all[1].cursor}`)).body)).toEqual(all.slice(2));
    expect(linesOf((await text(`${path}&tenant=${tenant}`)).body)).toEqual([all[0], all[1], all[3]]);
    expect(linesOf((await text(`${path}&endpoint=${other.id}`)).body)).toEqual([all[2]]);
    expect((await text(`${path}&tenant=nobody`)).status).toBe(404);
    // the same attempt, later each time: an attempt after the last cursor is found by the next export
    await api.db.query(`update attempts set started_at = now() - interval '2 minutes' where number = 3`);
    expect(linesOf((await text(`${path}&after=${all[3].cursor}`)).body)).toMatchObject([{ delivery: old, number: 3 }]);
    const csv = (await text(`${path}&format=csv&endpoint=${other.id}`)).body.split('\r\n');
    expect(csv[0]).toMatch(/^attempt,startedAt,tenant,event,/);
    expect(csv).toHaveLength(3);
  });
});

describe('the query of a list or an export', () => {
  const paths = ['/v1/audit-log', '/v1/audit-log/export', '/v1/deliveries/export'];
  const cursor = (of: string) => Buffer.from(`${of}/${'0'.repeat(32)}`).toString('base64url');

  it.each(paths)('%s needs until to be later than since, and a tenant that exists or existed', async (path) => {
    expect((await text(`${path}?since=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z`)).status).toBe(422);
    expect((await text(`${path}?since=2026-02-02T00:00:00Z&until=2026-02-02T01:00:00%2B01:00`)).status).toBe(422);
    expect((await text(`${path}?tenant=nobody`)).status).toBe(404);
  });

  it.each(paths)('%s accepts times with any offset', async (path) => {
    expect((await text(`${path}?since=2026-01-01T00:00:00%2B23:59&until=2099-01-01T00:00:00-23:59`)).status).toBe(200);
  });

  it.each([
    '2026-01-01T00:00:00.000000+23:59',
    '2026-02-31T00:00:00.000000Z',
    '0000-01-01T00:00:00.000000Z',
    '0001-01-01T00:00:00.000000Z',
    '2026-01-01T25:00:00.000000Z',
  ])('refuses a cursor with the time %s', async (at) => {
    expect((await text(`/v1/deliveries/export?after=${cursor(at)}`)).status).toBe(422);
  });

  it('costs no more from an old cursor than without one', async () => {
    const { tenant, id } = await endpoint();
    const [made = ''] = await planned(api, tenant, await api.postEvent(tenant), [id]);
    await attempted(api, made, 1, {});
    const statementsOf = (after: string) =>
      counted(api.deps.db, () => text(`/v1/deliveries/export${after === '' ? '' : `?after=${cursor(after)}`}`));
    const first = await statementsOf('');
    expect(await statementsOf('1970-01-01T00:00:00.000000Z')).toBeLessThanOrEqual(first + 1);
  });
});

/** The number of statements that `work` runs. */
async function counted(db: ScopedDb, work: () => Promise<unknown>): Promise<number> {
  const query = db.query;
  let statements = 0;
  db.query = ((...args: unknown[]) => {
    if (++statements > 50) throw new Error('more statements than anybody waits for');
    return (query as (...args: unknown[]) => unknown)(...args);
  }) as typeof db.query;
  try {
    await work();
  } finally {
    db.query = query;
  }
  return statements;
}

describe('an export', () => {
  const caller = (id: string): Caller => ({ kind: 'api_key', id, tenant: null, scopes: ['admin'], address: null });
  const piecesOf = (ended: string[], name: string) =>
    async function* () {
      try {
        for (;;) yield '';
      } finally {
        ended.push(name);
      }
    };
  const readerOf = ({ stream }: Answer) => (stream as AsyncIterable<string>)[Symbol.asyncIterator]();

  it('runs at most twice at a time for each caller, and frees its place when it ends, read or not', async () => {
    const ended: string[] = [];
    const exports = createExports(api.deps);
    const one = await exports(caller(newId('key')), 'ndjson', piecesOf(ended, 'another'));
    const [first, second] = [1, 2].map((n) => exports(caller('key_1'), 'ndjson', piecesOf(ended, String(n))));
    await expect(exports(caller('key_1'), 'ndjson', piecesOf(ended, '3'))).rejects.toMatchObject({
      status: 429,
      headers: { 'retry-after': '10' },
    });
    await readerOf(await (first as Promise<Answer>)).return?.();
    expect(ended).toEqual(['1']);
    const failing = async function* () {
      yield* [];
      throw new Error('away');
    };
    await expect(exports(caller('key_1'), 'ndjson', failing)).rejects.toThrow('away');
    await readerOf(await exports(caller('key_1'), 'ndjson', piecesOf(ended, '4'))).return?.();
    await Promise.all([one, await (second as Promise<Answer>)].map((answer) => readerOf(answer).return?.()));
  });

  it('ends when its key is revoked', async () => {
    const key = await newKey();
    const reader = readerOf(await createExports(api.deps, 0)(caller(key), 'ndjson', piecesOf([], '')));
    await reader.next();
    expect((await reader.next()).done).toBe(false);
    await api.call('DELETE', `/v1/api-keys/${key}`);
    await expect(reader.next()).rejects.toThrow('no longer valid');
  });

  it('ends when its client disconnects before the first line, and is not started by HEAD', async () => {
    const query = api.deps.db.query;
    let statements = 0;
    const none = { rows: [{ seen: 0, tenant: null, until: new Date(), first: firstUuidAt(0), deliveries: null }], rowCount: 1 };
    api.deps.db.query = (() => {
      statements++;
      return new Promise((resolve) => setImmediate(resolve, none));
    }) as unknown as typeof query;
    try {
      const headers = { authorization: `Bearer ${apiKey}` };
      for (const method of ['GET', 'HEAD']) {
        const leave = new AbortController();
        const response = await fetch(`${api.origin}/v1/deliveries/export`, { method, headers, signal: leave.signal });
        expect(response.status).toBe(200);
        leave.abort();
        let before = -1;
        await until('the statements to end', () => {
          const ended = statements === before;
          before = statements;
          return ended;
        });
        // of more than 80,000 windows since 1970
        expect(statements).toBeLessThan(60_000);
      }
    } finally {
      api.deps.db.query = query;
    }
  });
});
