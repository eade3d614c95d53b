// The pump of a relay, with real requests and PostgreSQL: which deliveries it attempts, in which order, how often, and what
// it costs when there are none.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { obeyCommand } from '#db/deliveries/commands';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { quickLeases, testTimings } from '../support/quick-timings.ts';
import { countStatements } from '../support/statements.ts';
import { until } from '../support/until.ts';
import { openPumpStage, type Pumped } from './pump-stage.ts';

async function open({ onTestFinished }: TestContext) {
  const stage = await openPumpStage();
  onTestFinished(() => stage.close());
  const statuses = async (deliveries: Pumped[]) => Promise.all(deliveries.map(async (one) => (await stage.row(one)).status));
  const done = (deliveries: Pumped[]) =>
    until('the deliveries', async () => (await statuses(deliveries)).every((status) => status === 'succeeded'));
  return { ...stage, statuses, done };
}

const many = <T>(count: number, make: (n: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));

describe.concurrent('the pump', () => {
  it('takes tenants in turn, and the endpoints of a tenant', async (context) => {
    const { deliver, relay, done, receiver } = await open(context);
    const first = await deliver(`next_attempt_at = now() - interval '1 hour'`);
    const { tenantId } = first;
    const backlog = await many(60, () => deliver(`next_attempt_at = now() - interval '1 hour'`, first));
    const beside = await deliver('', { tenantId });
    const others = [...(await many(4, () => deliver('', beside))), ...(await many(5, () => deliver()))];
    await relay({ limits: { process: 8, tenant: 8, endpoint: 8 } });
    await done([...backlog, ...others, first, beside]);
    const order = receiver.requests.map(({ path }) => path.slice(1));
    expect(order).toHaveLength(71);
    for (const { endpointId } of [...others, beside]) expect(order.lastIndexOf(endpointId)).toBeLessThan(40);
  });

  it('of two relays, attempts each delivery once', async (context) => {
    const { deliver, relay, done, requests, row } = await open(context);
    const endpoints = await many(20, () => deliver());
    const deliveries = [...endpoints, ...(await many(280, (n) => deliver('', endpoints[n % 20])))];
    await Promise.all([relay(), relay()]);
    await done(deliveries);
    expect(deliveries.filter((one) => requests(one) !== 1)).toEqual([]);
    expect(await row(endpoints[0] as Pumped)).toMatchObject({ attempts: 2, leased_by: null });
  });

  it('takes leases left over by its own relay, and those of relays that have ended, but none of a relay that lives', async (context) => {
    const { deliver, relay, done, requests, sql } = await open(context);
    const living = newId('rly');
    await sql(`insert into relays (id, process, seen) values ($1, 'x', 'infinity')`, uuidOf(living));
    const ofDead = await deliver(`leased_by = '${uuidOf(newId('rly'))}'`);
    const ofLiving = await deliver(`leased_by = '${uuidOf(living)}'`);
    const own = await deliver(`next_attempt_at = now() + interval '1 hour'`);
    const { relay: one } = await relay();
    await sql('update deliveries set leased_by = $2, next_attempt_at = now() where id = $1', uuidOf(own.id), uuidOf(one.id() ?? ''));
    one.pumpSoon();
    await done([own, ofDead]);
    const last = await deliver();
    one.pumpSoon();
    await done([last]);
    expect([own, ofDead, ofLiving].map(requests)).toEqual([1, 1, 0]);
  });

  it('attempts no delivery that is not due, expired, cancelled, or without an endpoint that may be sent to', async (context) => {
    const { deliver, relay, done, requests, statuses, sql } = await open(context);
    const endpoint = async (set: string) => {
      const one = await deliver();
      await sql(`update endpoints set ${set} where id = $1`, uuidOf(one.endpointId));
      return one;
    };
    const ended = [
      await deliver(`expires_at = now() - interval '1 second'`),
      await endpoint('deleted_at = now()'),
      await deliver(`status = 'cancelled', next_attempt_at = null`),
      await endpoint(`gate = 'held', gate_reason = 'paused'`),
      await endpoint(`gate = 'disabled'`),
      await endpoint(`ordering = 'endpoint'`),
    ];
    const others = [
      await deliver(`next_attempt_at = now() + interval '1 hour'`),
      await deliver('pumped = false'),
      await deliver(`status = 'dead_lettered', next_attempt_at = null`),
    ];
    const untried = await deliver(`status = 'pending', attempts = 0`);
    await relay();
    const now = ['expired', 'cancelled', 'cancelled', 'held', 'held', 'held'];
    await until('the ends', async () => isDeepStrictEqual(await statuses(ended), now));
    await done([untried]);
    expect([...ended, ...others].map(requests)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await statuses(others)).toEqual(['retrying', 'retrying', 'dead_lettered']);
  });

  it('attempts at the time of the schedule, and at once after a retry-now', async (context) => {
    const { deliver, relay, done, receiver, db, requests } = await open(context);
    const { relay: one } = await relay({ schedule: ['300ms', '300ms', '300ms', '300ms', '300ms', '300ms', '1h'] });
    const soon = await deliver();
    receiver.answer(`/${soon.endpointId}`, [503, 503, 503, 503, 503, 204]);
    const later = await deliver(`next_attempt_at = now() + interval '1 hour'`);
    one.pumpSoon();
    await done([soon]);
    const came = receiver.requests.map((request) => request.came);
    // without its own times it would look every 10 s, so that the last came 40 s after the first
    expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeLessThan(30_000);
    expect(requests(later)).toBe(0);
    await obeyCommand(db, later.id, { kind: 'retry-now' }, 'outside');
    one.pumpSoon();
    await done([later]);
    expect([soon, later].map(requests)).toEqual([6, 1]);
  });

  it('begins nothing while three quarters of the slots are in use, and opens the lane of an endpoint that hangs', async (context) => {
    const { deliver, relay, done, requests, receiver, sql, db, statuses } = await open(context);
    const counted = countStatements(db);
    const { relay: one, slots } = await relay({ limits: { process: 16, tenant: 16, endpoint: 1 }, on: counted.db });
    const others = Array.from({ length: 12 }, (_, n) => slots.take('t', `e${n}`, null));
    const due = await deliver();
    one.pumpSoon();
    await until('a look that finds it', () => counted.taken().some((name) => name.includes('with recursive tenants')));
    expect(requests(due)).toBe(0);
    for (const giveBack of others) if (typeof giveBack === 'function') giveBack();
    await done([due]);
    receiver.answer(`/${due.endpointId}`, (_, response) => void setTimeout(() => response.writeHead(503).end(), 8_000).unref());
    const backlog = await many(12, () => deliver('', due));
    const beside = await deliver('', { tenantId: due.tenantId });
    one.pumpSoon();
    await done([beside]);
    await until(
      'the lane',
      async () => (await sql('select from lanes where endpoint_id = $1 and parks', uuidOf(due.endpointId))).length > 0,
    );
    await until('all but those that were sent are held', async () => {
      const now = await statuses(backlog);
      return now.filter((status) => status === 'held').length >= 10;
    });
    expect(backlog.map(requests).reduce((sum, count) => sum + count, 0)).toBeLessThan(3);
  });

  it('asks PostgreSQL once in 10 s while there is nothing to attempt', async (context) => {
    const { relay, db, deliver } = await open(context);
    await deliver('pumped = false');
    const counted = countStatements(db);
    await relay({ on: counted.db });
    const names = new Set<string>();
    let lookedAt = performance.now();
    // it also looks at the begin, when it may take over leases of others, and when it had to begin again on a busy machine
    await until('two looks with nine seconds between them', () => {
      const looks = counted.taken().filter((name) => name.includes('pumped'));
      if (looks.length === 0) return false;
      for (const name of looks) names.add(name);
      const before = lookedAt;
      lookedAt = performance.now();
      return looks.length === 1 && lookedAt - before > 9_000;
    });
    expect(names).toEqual(new Set(['pumped_days']));
  });

  it('does not read the outbox each second while dead letters wait for their workflows', async (context) => {
    const { relay, db, deliver } = await open(context);
    await many(40, () => deliver(`status = 'dead_lettered', next_attempt_at = null`));
    const counted = countStatements(db);
    await relay({ on: counted.db, timings: { ...quickLeases, sweep: testTimings.sweep } });
    const names: string[] = [];
    const count = (part: string) => {
      names.push(...counted.taken());
      return names.filter((name) => name.includes(part)).length;
    };
    await until('looks for dead letters', () => count('unopened_tenants') >= 8);
    // at most at the begin: no row of the outbox is its own
    expect(count('from outbox\n      where owner = $1')).toBeLessThanOrEqual(1);
  });
});
