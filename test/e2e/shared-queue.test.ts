// Two Posthorns on one namespace and one task queue, by mistake: each worker leaves the tasks of the other store alone, so
// that every event is delivered, and the log says what to change. With a task queue each, they do not meet.
import { expect, it } from 'vitest';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const eventsEach = 12;

async function two(namespace: string, envs: [Record<string, string>, Record<string, string>]) {
  const lines: string[] = [];
  const receiver = await startReceiver();
  const logTo = { write: (line: string) => void lines.push(line) };
  const both = await Promise.all(envs.map((env) => startPosthorn({ namespace, env, logTo })));
  const deliver = async (posthorn: TestPosthorn, name: string) => {
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/${name}`);
    // a retry is a task that any worker may get
    receiver.answer(`/${name}`, (_request, response, count) => void response.writeHead(count > 1 ? 204 : 503).end());
    const ids = Array.from({ length: eventsEach }, (_, n) => `${name}-${n}`);
    await Promise.all(ids.map((id) => posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: {}, id })));
    await until(`the events of ${name} to have succeeded`, async () => {
      const { rows } = await posthorn.core.db.query<{ count: number }>(
        `select count(*)::int as count from deliveries where status = 'succeeded'`,
      );
      return rows[0]?.count === eventsEach;
    });
    expect(ids.map((id) => receiver.of(id).length)).toEqual(ids.map(() => 2));
  };
  await Promise.all([deliver(both[0] as TestPosthorn, 'one'), deliver(both[1] as TestPosthorn, 'two')]);
  return {
    log: () => lines.join(''),
    async close() {
      await Promise.all(both.map((posthorn) => posthorn.stop()));
      await receiver.close();
    },
    temporal: (both[0] as TestPosthorn).temporal,
  };
}

it('two stores on one task queue deliver all, and say so', async ({ onTestFinished }) => {
  const at = await two('t72', [{}, {}]);
  onTestFinished(at.close);
  expect(at.log()).toContain('temporal.tasks_of_another_store');
  await until('the advice', () => at.log().includes('Set POSTHORN_TASK_QUEUE to another name for one of them'));
  for await (const { workflowId } of at.temporal.workflow.list({ query: `WorkflowType = 'deliver'` })) {
    await until('it to close', async () => (await at.temporal.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING');
    expect(await at.temporal.workflow.getHandle(workflowId).result()).toBe('succeeded');
  }
});

it('with task queues of their own, two stores do not meet', async ({ onTestFinished }) => {
  const at = await two('t73', [{}, { POSTHORN_TASK_QUEUE: 'staging' }]);
  onTestFinished(at.close);
  expect(at.log()).not.toContain('another_store');
  await until('both operators', async () => {
    for (const id of ['posthorn/operator', 'staging/operator']) await at.temporal.workflow.getHandle(id).describe();
    return true;
  });
});
