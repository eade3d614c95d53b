// `temporal workflow signal --query … --name replay`, by the real command line, for the open dead letters of an endpoint: the
// lane of the endpoint paces them, and each is in the audit log. With TEST_LONG=1 some hundred of them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findTemporalBinary } from '#embedded/temporal-binary';
import { type LaneEndpoint, type LaneStage, openLaneStage } from '../lanes/lane-stage.ts';
import { isLong } from '../support/long.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';

const count = isLong ? 400 : 30;
const namespace = 't90';
let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage(namespace, { POSTHORN_DISPATCH: 'individual' }, { timings: quickWaits });
});
afterAll(() => stage?.close());

/** One attempt each; a 404 opens no circuit. */
const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

const queryOf = ({ id }: LaneEndpoint) => `PosthornStatus="dead_lettered" and PosthornEndpoint="${id}"`;

/** Waits until Temporal lists them, and signals them with one command. */
async function replayAll(endpoint: LaneEndpoint, expected: number): Promise<void> {
  await until('all dead letters in the list', async () => {
    const { count: open } = await stage.where.temporal.workflow.count(`${queryOf(endpoint)} and ExecutionStatus="Running"`);
    if (open !== expected) throw new Error(`${open} are listed`);
    return true;
  });
  const args = ['workflow', 'signal', '--query', queryOf(endpoint), '--name', 'replay', '--reason', 'the endpoint is back', '--yes'];
  const where = ['--address', inject('temporalAddress'), '--namespace', namespace];
  const binary = await findTemporalBinary();
  // Temporal runs one batch of a namespace at a time
  await until('Temporal to take the batch', () => promisify(execFile)(binary, [...args, ...where]));
}

async function expectAudited(endpoint: LaneEndpoint, expected: number): Promise<void> {
  const { rows } = await stage.where.db.query(
    `select count(*)::int as entries, count(distinct l.target_id)::int as deliveries from posthorn_audit.audit_log l
     where l.action = 'delivery.replay' and l.actor_kind = 'temporal' and l.actor_id = 'delivery/' || l.target_id
       and l.target_id in (select 'dlv_' || replace(id::text, '-', '') from deliveries where endpoint_id = $1)`,
    [endpoint.id.slice('ep_'.length)],
  );
  expect(rows).toEqual([{ entries: expected, deliveries: expected }]);
}

/** The number of requests with this status. */
const answered = (endpoint: LaneEndpoint, status: number) =>
  endpoint.requests().filter((request) => request.answered?.status === status).length;

/** Cancels what the lane holds of all `total` deliveries, so that nothing is left to probe with. Returns the number of dead letters. */
async function withoutHeld(endpoint: LaneEndpoint, total: number): Promise<number> {
  const { dead } = await until('nothing to be under way', async () => {
    const { api } = stage.where;
    const { body } = await api.get(`/v1/deliveries?endpoint=${endpoint.id}&status=held&status=pending&status=retrying&limit=250`);
    for (const { id } of body.data) await api.post(`/v1/deliveries/${id}/cancel`);
    const { dead_lettered = 0, cancelled = 0 } = await endpoint.statuses();
    return body.data.length === 0 && dead_lettered + cancelled === total && { dead: dead_lettered };
  });
  return dead;
}

describe('one command for all dead letters', () => {
  it('of an endpoint with a rate limit delivers each once more, at that rate', async () => {
    const perSecond = 20;
    const endpoint = await stage.endpoint({ ...once, rateLimit: { perSecond, burst: 2 } });
    endpoint.answer([404, 204]);
    await endpoint.post(count);
    await endpoint.reach('dead_lettered', count, 120_000);
    await replayAll(endpoint, count);
    await endpoint.reach('succeeded', count, 240_000);
    expect([answered(endpoint, 404), answered(endpoint, 204)]).toEqual([count, count]);
    await expectAudited(endpoint, count);
    const { rows } = await stage.where.db.query(
      `select extract(epoch from max(a.started_at) - min(a.started_at))::float8 as seconds
       from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1 and a.round = 2`,
      [endpoint.id.slice('ep_'.length)],
    );
    // half of it: the first one may have started late
    expect(rows[0].seconds).toBeGreaterThan((count - 3) / perSecond / 2);
    await until('their workflows to close', async () => (await endpoint.openWorkflows()).every((id) => id.startsWith('lane/')));
  });

  it('of an endpoint that recovers sends it one, and more only after it has accepted some', async () => {
    const endpoint = await stage.endpoint(once);
    endpoint.answer([404, 204]);
    await endpoint.post(count);
    await endpoint.reach('dead_lettered', count, 120_000);
    endpoint.answer([500]);
    await endpoint.post(25);
    await until('the circuit to open', async () => (await endpoint.lane()).circuit?.state === 'open');
    const dead = await withoutHeld(endpoint, count + 25);
    const before = endpoint.requests().length;
    endpoint.answer([204]);
    await replayAll(endpoint, dead);
    await endpoint.reach('succeeded', dead, 240_000);
    const replays = endpoint.requests().slice(before);
    expect(replays).toHaveLength(dead);
    expect(new Set(replays.map(({ headers }) => headers['webhook-id'])).size).toBe(dead);
    expect(replays.slice(0, 3).map(({ atOnce }) => atOnce)).toEqual([1, 1, 1]);
    expect(new Set(replays.map(({ headers }) => headers['posthorn-replay']))).toEqual(new Set(['2']));
    await expectAudited(endpoint, dead);
  });
});
