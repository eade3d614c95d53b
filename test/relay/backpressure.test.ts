// Backpressure over HTTP with real processes: 429 while too many events wait; accepted events are
// delivered once.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, it, type TestContext } from 'vitest';
import { readMetrics } from '../api/prometheus-page.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage } from '../chaos/stage.ts';
import type { ApiAnswer } from '../support/api.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { until } from '../support/until.ts';

const perTenant = 40;
const inAll = 100;
const event = { type: 'order.created', data: { n: 1 } };
const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });
const seconds = /^([1-9]|[1-5]\d|60)$/;
const eventsOf = (tenant: string) => `/v1/tenants/${tenant}/events`;

async function open(namespace: string, { onTestFinished }: TestContext): Promise<Stage> {
  const limits = { POSTHORN_MAX_WAITING_PER_TENANT: String(perTenant), POSTHORN_MAX_WAITING: String(inAll) };
  const env = { ...limits, POSTHORN_DISPATCH: 'batched', POSTHORN_DISPATCHES_PER_SECOND: '5' };
  const stage = await openStage({ namespace, env });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  return stage;
}

async function waiting(stage: Stage, tenant?: string): Promise<number> {
  const rows = await stage.query<{ n: number }>(
    'select count(*) as n from outbox o join tenants t on t.id = o.tenant_id where external_id = coalesce($1, external_id)',
    [tenant],
  );
  return Number(rows[0]?.n);
}

/**
 * Posts events ten at a time until the requested number of the tenant's events wait. Returns the ids of the accepted
 * ones.
 */
async function fill(stage: Stage, by: PosthornProcess, tenant: string, events: number): Promise<string[]> {
  const accepted: string[] = [];
  let round = 0;
  await until(`${events} of ${tenant} waiting`, async () => {
    accepted.push(...(await stage.send(by, tenant, names(`${tenant}-${++round}`, Math.min(10, events - accepted.length)))));
    return (await waiting(stage, tenant)) === events;
  });
  return accepted;
}

function expectRefused(answer: ApiAnswer, what: RegExp): void {
  expect(answer.status).toBe(429);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('retry-after')).toMatch(seconds);
  expect(answer.body).toMatchObject({ title: 'Too Many Requests', status: 429, detail: expect.stringMatching(what), errors: [] });
}

/** Whether that process refuses events. */
const refusing = async (by: PosthornProcess) => (await by.get('/v1/status')).body.refusing;

/** Waits for the first refusal, because another process refuses only after its next count. */
const refusalOf = (by: PosthornProcess, tenant: string, accepted: string[], options?: object): Promise<ApiAnswer> =>
  until(`a refusal of ${tenant}`, async () => {
    const answer = await by.post(eventsOf(tenant), event, options);
    if (answer.status === 202) accepted.push(answer.body.id);
    return answer.status === 429 && answer;
  });

it('refuses a tenant, then all tenants, in every process; loses no accepted event, and accepts again later', async (context) => {
  const stage = await open('t31', context);
  const [one, two] = await Promise.all([stage.start({ role: 'server' }), stage.start({ role: 'server' })]);
  const [busy, calm, third, late] = [
    await makeTenant(stage, one),
    await makeTenant(stage, one),
    await makeTenant(stage, one),
    await makeTenant(stage, one),
  ];
  const { id: endpoint } = await one.makeEndpoint(busy, `${stage.receiver.url}/hook`, { eventTypes: ['never.sent'] });

  // as if the process had crashed between the commit and the response
  const early = await one.post(eventsOf(late), event, withKey('early'));
  await stage.query(`update idempotency_keys set status = null, response = null, claimed_until = now() where key = 'early'`);

  const accepted = [early.body.id, ...(await fill(stage, one, busy, perTenant))];
  expect(accepted).toHaveLength(1 + perTenant);
  expectRefused(await one.post(eventsOf(busy), event), /events of this tenant are waiting/);
  expectRefused(await one.post(`${eventsOf(busy)}/batch`, { events: [event, event] }), /of this tenant/);
  expectRefused(await one.post(`/v1/endpoints/${endpoint}/test`), /of this tenant/);
  expect((await one.post(eventsOf(busy), { type: 'order.created' })).status).toBe(422);
  expect((await one.post(eventsOf('nobody'), event)).status).toBe(404);
  expect(await waiting(stage, busy)).toBe(perTenant);
  expect(await refusing(one)).toEqual({ all: false, tenants: 1 });
  expectRefused(await refusalOf(two, busy, accepted), /of this tenant/);
  expect(await waiting(stage, busy)).toBeLessThan(2 * perTenant);
  expect((await two.post(eventsOf(busy), event, withKey('busy'))).status).toBe(429);

  accepted.push(...(await fill(stage, one, calm, 10)));
  const batch = { events: names('third', 39).map((id) => ({ ...event, id })) };
  expect((await two.post(`${eventsOf(third)}/batch`, batch)).status).toBe(202);
  accepted.push(...batch.events.map(({ id }) => id));
  for (const by of [one, two]) expectRefused(await refusalOf(by, late, accepted), /Too many events are waiting/);
  for (const by of [one, two]) expect(await refusing(by)).toMatchObject({ all: true });
  expect((await readMetrics(two.origin)).value('posthorn_refusing{scope="all"}')).toBe(1);
  expect((await one.post(eventsOf(late), event, withKey('early'))).status).toBe(429);
  expect(await waiting(stage)).toBe(accepted.length);

  const { paths } = (await one.get('/openapi.json')).body;
  for (const path of ['/v1/tenants/{tenant}/events', '/v1/tenants/{tenant}/events/batch', '/v1/endpoints/{endpoint}/test']) {
    expect(paths[path].post.responses).toHaveProperty('429');
  }

  await stage.start({ role: 'worker' });
  const again = (tenant: string, key: string) =>
    until(`${tenant} accepted again`, async () => {
      const answer = await two.post(eventsOf(tenant), event, withKey(key));
      return answer.status === 202 && answer;
    });
  accepted.push((await again(busy, 'busy')).body.id);
  expect((await again(late, 'early')).body).toEqual({ id: early.body.id, duplicate: false });
  for (const by of [one, two])
    await until('nobody is refused', async () => isDeepStrictEqual(await refusing(by), { all: false, tenants: 0 }));
  await stage.settled();
  expect(stage.notOnce(accepted)).toEqual({});
  expect(stage.receiver.requests).toHaveLength(accepted.length);
  await expectTrueRecords(stage);
});

it('under overload, accepts as many events as fit, and delivers each one once', async (context) => {
  const stage = await open('t32', context);
  const posthorn = await stage.start();
  const tenant = await makeTenant(stage, posthorn);
  const ids = names('pushed', 300);
  let refusals = 0;
  let most = 0;
  const accepted = async (id: string): Promise<boolean> => {
    const { status, headers } = await posthorn.post(eventsOf(tenant), { ...event, id });
    if (status === 202) return true;
    expect([status, headers.get('retry-after')]).toEqual([429, expect.stringMatching(seconds)]);
    refusals++;
    return false;
  };
  const left = [...ids];
  const push = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const next = id;
      await until(`${next} accepted`, () => accepted(next), 120_000);
    }
  };
  const pushed = Promise.all(Array.from({ length: perTenant + 10 }, push)).then(() => true);
  await until(
    'all to be accepted',
    async () => {
      most = Math.max(most, await waiting(stage));
      return Promise.race([pushed, nextTurn(false)]);
    },
    120_000,
  );
  expect(refusals).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(perTenant);
  await stage.settled();
  expect(stage.notOnce(ids)).toEqual({});
  await expectTrueRecords(stage);
});
