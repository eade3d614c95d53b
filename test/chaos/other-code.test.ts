// Open workflows that this version of the code cannot continue, as after an upgrade or a rollback: the sweep finds their
// deliveries overdue, and starts them again.
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { describe, expect, it, type TestContext } from 'vitest';
import { deliveryWorkflowId } from '#contract/workflow-contract';
import { idOf } from '#domain/ids';
import { quickLeases } from '../support/quick-timings.ts';
import { installTestRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, openStage, type Stage } from './stage.ts';

const taskQueue = 'posthorn';

/** A stage whose process has stopped, with one event for later whose delivery has no workflow yet. */
async function withSleeper({ onTestFinished }: TestContext, namespace: string): Promise<{ stage: Stage; workflowId: string }> {
  const stage = await openStage({ namespace, timings: quickLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start();
  const tenant = await makeTenant(stage, first);
  await stage.send(first, tenant, ['later'], { deliverAt: new Date(Date.now() + 86_400_000).toISOString() });
  const [row] = await until('its delivery', async () => {
    const rows = await stage.query<{ id: string }>('select id from deliveries');
    return rows.length === 1 && rows;
  });
  expect(await first.stop()).toMatchObject({ code: 0 });
  return { stage, workflowId: deliveryWorkflowId(idOf('dlv', row?.id ?? '')) };
}

/** Starts a process, and makes the delivery due. */
async function goOn({ stage, workflowId }: { stage: Stage; workflowId: string }) {
  const posthorn = await stage.start();
  await stage.query(`update deliveries set next_attempt_at = now() - interval '1 minute'`);
  await stage.settled();
  expect(stage.receiver.of('later')).toHaveLength(1);
  await expectTrueRecords(stage);
  const runs: string[] = [];
  for await (const { status } of stage.temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(status.name);
  return { runs: runs.sort(), log: posthorn.log() };
}

describe.concurrent('an open workflow', () => {
  it('whose history does not fit this code fails, and its delivery is made', async (context) => {
    const at = await withSleeper(context, 't67');
    const { temporal, env } = at.stage;
    await temporal.workflow.start('deliver', { workflowId: at.workflowId, taskQueue, args: [{}] });
    await runOlderWorker(env.TEMPORAL_ADDRESS ?? '', 't67', async () => {
      const handle = temporal.workflow.getHandle(at.workflowId);
      await until('its timer', async () => (await handle.fetchHistory()).events?.some(({ timerStartedEventAttributes: timer }) => timer));
    });
    const { runs } = await goOn(at);
    expect(runs).toEqual(['COMPLETED', 'FAILED']);
  });

  it('whose type this code does not know is ended, and its delivery is made', async (context) => {
    const at = await withSleeper(context, 't68');
    await at.stage.temporal.workflow.start('deliverOfTomorrow', {
      workflowId: at.workflowId,
      taskQueue,
      args: [{}],
      workflowTaskTimeout: '1s',
    });
    const { runs, log } = await goOn(at);
    expect(runs).toEqual(['COMPLETED', 'TERMINATED']);
    expect(log).toContain('sweep.stuck_workflow_ended');
  });
});

/** Runs a worker with other workflow code until `done` resolves. */
async function runOlderWorker(address: string, namespace: string, done: () => Promise<unknown>): Promise<void> {
  installTestRuntime();
  const connection = await NativeConnection.connect({ address });
  const workflowsPath = join(import.meta.dirname, 'fixtures/older-workflows.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle: { code } });
  await worker.runUntil(done);
  await connection.close();
}
