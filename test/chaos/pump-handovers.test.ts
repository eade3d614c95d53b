// A delivery that changes hands between workflow and relays, and processes that die by SIGKILL just then: after a record that
// passed it to the relays, and after a dead letter was given its workflow.
import { WorkflowNotFoundError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { idOf, uuidOf } from '#domain/ids';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { insertPumped, nudgePumps, pumpedRows } from './pump-stage.ts';
import { makeTenant, names, openStage, type Stage } from './stage.ts';

const onlyInAnHour = { retry: { schedule: ['1h', '1h', '1h'] } };
const killed = { signal: 'SIGKILL' };

const statusOf = (stage: Stage, id: string) =>
  stage.temporal.workflow
    .getHandle(`delivery/${id}`)
    .describe()
    .then(({ status }) => status.name)
    .catch((error) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });

async function deliveryOf(stage: Stage, event: string): Promise<{ id: string; pumped: boolean; marked: boolean; status: string }> {
  const [row] = await stage.query<{ id: string; pumped: boolean; marked: boolean; status: string }>(
    `select d.id, d.pumped, d.unsignalled_since is not null as marked, d.status from deliveries d join events e on e.id = d.event_id
     where e.external_id = $1`,
    [event],
  );
  if (!row) throw new Error(`event ${event} has no delivery`);
  return { ...row, id: idOf('dlv', row.id) };
}

/** The relays attempt them now, and every workflow that waits for its time too. */
async function fallDue(stage: Stage, by: PosthornProcess): Promise<void> {
  await stage.query(`update deliveries set next_attempt_at = now() where pumped and status = 'retrying'`);
  await nudgePumps(stage);
  for (const { id } of await stage.query<{ id: string }>(`select id from deliveries where not pumped and status = 'retrying'`))
    expect((await by.post(`/v1/deliveries/${idOf('dlv', id)}/retry-now`)).status).toBe(202);
}

/** Events without endpoints, until the process is gone: above the budget no workflow goes on with a refused delivery. */
async function press(by: PosthornProcess): Promise<void> {
  const tenant = await by.makeTenant();
  const events = Array.from({ length: 20 }, () => ({ type: 'order.created', data: {} }));
  const isBatched = async () => {
    await by.post(`/v1/tenants/${tenant}/events/batch`, { events });
    const { relays } = (await by.get('/v1/status')).body;
    return relays.some(({ mode }: { mode: string }) => mode === 'batched');
  };
  await until('batched mode', isBatched);
  const pressing = setInterval(() => void by.post(`/v1/tenants/${tenant}/events/batch`, { events }).catch(() => undefined), 100);
  void by.exited.then(() => clearInterval(pressing));
}

it('after a record that passes a delivery to the relays: nothing is sent twice, and the workflow that made the attempt closes', async ({
  onTestFinished,
}) => {
  const env = { POSTHORN_DISPATCH: 'adaptive', POSTHORN_WORKFLOWS_PER_SECOND: '1' };
  const stage = await openStage({ namespace: 't85', timings: quickWaits, env });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  stage.receiver.answer('/hook', [503, 503, 204]);

  // its first attempt finds room
  const first = await stage.start();
  const tenant = await makeTenant(stage, first, onlyInAnHour);
  await stage.send(first, tenant, ['own']);
  await until('its refusal', async () => (await deliveryOf(stage, 'own')).status === 'retrying');
  const { id } = await deliveryOf(stage, 'own');
  expect(await statusOf(stage, id)).toBe('RUNNING');
  expect(await first.stop()).toMatchObject({ code: 0 });

  // the next attempt of the workflow finds none, and its process dies before the workflow knows
  const second = await stage.start({ dieAt: 'recorded' });
  await press(second);
  await second.post(`/v1/deliveries/${id}/retry-now`).catch(() => undefined);
  expect(await second.exited).toMatchObject(killed);
  expect(await deliveryOf(stage, 'own')).toMatchObject({ pumped: true, status: 'retrying' });
  expect(await statusOf(stage, id)).toBe('RUNNING');

  // first attempts that find none, and whose events are still in the outbox
  const third = await stage.start({ dieAt: 'recorded', time: 6 });
  const many = names('first', 12);
  await press(third);
  // together: they are all accepted before the first of them is attempted
  const events = many.map((event) => ({ id: event, type: 'order.created', data: {} }));
  await third.post(`/v1/tenants/${tenant}/events/batch`, { events }).catch(() => undefined);
  expect(await third.exited).toMatchObject(killed);
  const recorded = (await pumpedRows(stage)).filter((row) => row.id.startsWith('first') && row.recorded > 0).map((row) => row.id);
  expect(recorded.length).toBeGreaterThanOrEqual(6);

  const last = await stage.start();
  await until('all to be refused', async () => {
    const rows = await pumpedRows(stage);
    const refused = rows.filter(({ status }) => status === 'retrying');
    if (refused.length !== 13) throw new Error(JSON.stringify(rows));
    return true;
  });
  await until('the workflow to close', async () => (await statusOf(stage, id)) === 'COMPLETED');
  expect(stage.receiver.of('own')).toHaveLength(2);
  expect(recorded.filter((event) => stage.receiver.of(event).length !== 1)).toEqual([]);
  const requests = stage.receiver.requests.length;
  expect(requests).toBeLessThanOrEqual(2 + 2 * 12);
  await until('the dispatches', async () => (await stage.query('select from dispatches where done_at is null')).length === 0);
  for (const event of many) {
    const { id: each, pumped } = await deliveryOf(stage, event);
    expect([event, await statusOf(stage, each)]).toEqual([event, pumped ? null : 'RUNNING']);
  }
  stage.receiver.answer('/hook', []);
  await fallDue(stage, last);
  await stage.settled();
  expect((await pumpedRows(stage)).filter(({ status }) => status !== 'succeeded')).toEqual([]);
  expect(stage.receiver.requests).toHaveLength(requests + 13);
});

it('after a dead letter got its workflow: the sweep starts it by its mark, and a replay is delivered once', async ({ onTestFinished }) => {
  const stage = await openStage({ namespace: 't87', timings: quickWaits });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start({ dieAt: 'dead letter opened', awaited: 'listening' });
  const tenant = await makeTenant(stage, first);
  const id = await insertPumped(stage, tenant, 'given-up');
  await stage.query(`update deliveries set status = 'dead_lettered', next_attempt_at = null where id = $1`, [uuidOf(id)]);
  expect(await first.exited).toMatchObject(killed);
  expect(await deliveryOf(stage, 'given-up')).toMatchObject({ pumped: false, marked: true, status: 'dead_lettered' });
  expect(await statusOf(stage, id)).toBeNull();

  await stage.start();
  const isOpen = async () => (await statusOf(stage, id)) === 'RUNNING' && !(await deliveryOf(stage, 'given-up')).marked;
  await until('its workflow', isOpen);
  const { runId } = await stage.temporal.workflow.getHandle(`delivery/${id}`).describe();
  // killed after the start, before the mark was cleared
  await stage.query(`update deliveries set unsignalled_since = now() - interval '11 seconds' where id = $1`, [uuidOf(id)]);
  await until('the next sweep', isOpen);
  expect((await stage.temporal.workflow.getHandle(`delivery/${id}`).describe()).runId).toBe(runId);
  expect(stage.receiver.requests).toEqual([]);
  await stage.temporal.workflow.getHandle(`delivery/${id}`).signal('replay');
  await until('the replay', async () => (await deliveryOf(stage, 'given-up')).status === 'succeeded');
  await stage.settled();
  expect(stage.receiver.requests).toHaveLength(1);
});
