// Who polls the task queues of Posthorn: how many workers, and of which versions.
import type { Connection } from '@temporalio/client';
import { namesOf } from '#contract/workflow-contract';
import { deploymentTrouble } from '#temporal/deployment';
import type { Context } from './context.ts';
import type { Finding, Findings } from './finding.ts';

/** A worker polls again after 60 s at the latest. */
const seenWithinMs = 70_000;

interface Poller {
  identity: string;
  version: string;
}

export async function pollers({ ok, warning }: Findings, connection: Connection, { config, now }: Context): Promise<Finding[]> {
  const { taskQueue, laneTaskQueue } = namesOf(config.POSTHORN_TASK_QUEUE);
  const queues = [taskQueue, laneTaskQueue] as const;
  // activities of both queues, and workflow tasks of the first
  const asked = [...queues.map((name) => ({ name, type: 2 })), { name: queues[0], type: 1 }];
  const found = await Promise.all(asked.map(({ name, type }) => pollersOf(connection, config.TEMPORAL_NAMESPACE, name, type, now())));
  const silent = [...new Set(asked.filter((_queue, index) => found[index]?.length === 0).map(({ name }) => name))];
  if (silent.length > 0)
    return warning(
      `No worker polls the task queue ${silent.join(' and ')}. Retries, replays and lanes wait.`,
      'Start `posthorn worker` (or `posthorn start`) with the same TEMPORAL_NAMESPACE and POSTHORN_TASK_QUEUE, and look at its log.',
    );
  const workers = new Set(found.flat().map(({ identity }) => identity));
  const versions = new Set(found.flat().map(({ version }) => version));
  const counted = `${workers.size} ${workers.size === 1 ? 'worker polls' : 'workers poll'} ${queues.join(' and ')}`;
  if (versions.size > 1)
    return warning(
      `${counted}, of different versions: ${[...versions].join(', ')}.`,
      'Finish the upgrade: all workers should be of one version soon.',
    );
  return ok(`${counted}, ${[...versions].join()}.`);
}

/** With Worker Versioning, Temporal gives work only to the current version. */
export async function deployment(
  { ok, error }: Findings,
  { workflowService }: Pick<Connection, 'workflowService'>,
  { config }: Pick<Context, 'config'>,
): Promise<Finding[]> {
  const { TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_BUILD_ID: build } = config;
  if (name === undefined || build === undefined) return ok('Worker Versioning is off.');
  const trouble = await deploymentTrouble((request) => workflowService.describeWorkerDeployment(request), config);
  if (trouble) return error(trouble, 'Run this command once the workers of the version poll (docs/upgrades.md).');
  if (trouble === undefined) return ok(`Temporal does not know the deployment ${name} yet. Its first worker makes it known.`);
  return ok(`Version ${build} of ${name} gets work.`);
}

async function pollersOf(
  { workflowService }: Connection,
  namespace: string,
  name: string,
  taskQueueType: number,
  now: number,
): Promise<Poller[]> {
  const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > now - seenWithinMs)
    .map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      version: deploymentOptions?.buildId ? `build ${deploymentOptions.deploymentName}.${deploymentOptions.buildId}` : 'without a build id',
    }));
}
