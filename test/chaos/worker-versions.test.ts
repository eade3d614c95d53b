// Worker Versioning in a real Temporal: nothing is done before a version is the current one, and workflows begun under one
// build go on under the next.
import { expect, it } from 'vitest';
import { readConfig } from '#config/config';
import { findingsOf } from '#doctor/finding';
import { deployment } from '#doctor/temporal-pollers';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { makeTenant, openStage, type Stage } from './stage.ts';

const deploymentName = 'posthorn-versions';
const namespace = 't111';

const versionOf = (buildId: string) => ({ TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_BUILD_ID: buildId, LOG_LEVEL: 'info' });

/** As `temporal worker deployment set-current-version` does. */
async function setCurrent({ temporal }: Stage, buildId: string): Promise<void> {
  const set = () => temporal.connection.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
  // Temporal knows a version some time after its first poll
  await until(`the version ${buildId}`, () =>
    set().then(
      () => true,
      () => false,
    ),
  );
}

async function buildsOf({ temporal }: Stage, workflowId: string): Promise<(string | undefined)[]> {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
    done ? [done.deploymentVersion?.buildId ?? undefined] : [],
  );
}

it('a workflow begun under one build goes on under the next, once that is current', async ({ onTestFinished }) => {
  const stage = await openStage({ namespace, timings: quickLeases, env: { POSTHORN_DISPATCH: 'individual' } });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const one = await stage.start({ env: versionOf('one') });
  await until('a word about it', () => /temporal.version_without_work/.test(one.log()));
  expect(one.log()).toContain(
    `temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deploymentName} --build-id one`,
  );
  const doctor = async () => {
    const { temporal, env } = stage;
    return deployment(findingsOf('temporal.deployment'), temporal, { config: readConfig({ ...env, ...versionOf('one') }) });
  };
  expect(await doctor()).toMatchObject([{ level: 'error', message: expect.stringContaining('no version is the current one') }]);
  await setCurrent(stage, 'one');
  expect(await doctor()).toMatchObject([{ level: 'ok' }]);
  const tenant = await makeTenant(stage, one, { retry: { schedule: ['1h'] } });
  stage.receiver.answer('/hook', [503, 204]);
  await stage.send(one, tenant, ['moves']);
  const [delivery] = await until('the first attempt', async () => {
    const found = await one.deliveriesOf(tenant, 'moves');
    return found[0]?.status === 'retrying' && found;
  });
  const workflowId = `delivery/${delivery?.id}`;
  await until('its workflow', async () => (await buildsOf(stage, workflowId)).includes('one'));

  const two = await stage.start({ env: versionOf('two') });
  await until('a word about the version', () => /temporal.version_without_work/.test(two.log()));
  expect(two.log()).toContain('version one is the current one');
  await setCurrent(stage, 'two');
  await one.stop();
  expect((await two.post(`/v1/deliveries/${delivery?.id}/retry-now`)).status).toBe(202);
  await until('the second attempt', () => stage.receiver.of('moves').length === 2);
  await until('its end', async () => (await stage.temporal.workflow.getHandle(workflowId).describe()).status.name === 'COMPLETED');
  const builds = await buildsOf(stage, workflowId);
  expect([builds[0], builds.at(-1)]).toEqual(['one', 'two']);
});
