// Worker Versioning (docs/upgrades.md): Temporal gives work to the current version of a deployment, and to no other. So
// while no version is the current one, deliveries stand still although workers poll.
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { Config } from '#config/config';
import { TemporalAway } from './link.ts';

/** Undefined: not configured, and each worker takes the work of every version. */
export function deploymentOf(config: Config): WorkerDeploymentOptions | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_BUILD_ID: buildId } = config;
  if (deploymentName === undefined || buildId === undefined) return undefined;
  return {
    version: { deploymentName, buildId },
    useWorkerVersioning: true,
    // a workflow moves to the current version with its next task; its row decides, so no version is worth keeping
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  };
}

interface Version {
  buildId?: string | null;
}

/** The call of Temporal's WorkflowService. */
export type DescribeDeployment = (request: { namespace: string; deploymentName: string }) => Promise<{
  workerDeploymentInfo?: {
    routingConfig?: { currentDeploymentVersion?: Version | null; rampingDeploymentVersion?: Version | null } | null;
  } | null;
}>;

/**
 * What keeps the workers of this version without work, and the command that helps. Null: nothing. Undefined: Temporal does
 * not know the deployment, as before its first workers have polled, or does not say.
 */
export async function deploymentTrouble(describe: DescribeDeployment, config: Config): Promise<string | null | undefined> {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_BUILD_ID: buildId, TEMPORAL_NAMESPACE: namespace } = config;
  if (deploymentName === undefined || buildId === undefined) return null;
  const described = await describe({ namespace, deploymentName }).catch((error) => {
    if (error instanceof TemporalAway) throw error;
    return null;
  });
  const info = described?.workerDeploymentInfo;
  if (!info) return undefined;
  const { currentDeploymentVersion: current, rampingDeploymentVersion: ramping } = info.routingConfig ?? {};
  if (current?.buildId === buildId || ramping?.buildId === buildId) return null;
  const command = `temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deploymentName} --build-id ${buildId}`;
  const instead = current?.buildId ? `version ${current.buildId} is the current one` : 'no version is the current one';
  return `Temporal gives no work to the workers of version ${buildId} of ${deploymentName}: ${instead}. To change that, run: ${command}`;
}
