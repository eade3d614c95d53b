// Whether Temporal serves tenants in turn. Its API does not tell the two dynamic settings; it only shows, while tasks wait,
// whether they wait in their own priority, which the older matcher does not know.
import type { Connection } from '@temporalio/client';
import { namesOf } from '#contract/workflow-contract';
import type { Context } from './context.ts';
import type { Finding, Findings } from './finding.ts';

const usualPriority = '3';
const switches = 'matching.useNewMatcher and matching.enableFairness';

export async function fairness({ ok, warning }: Findings, { workflowService }: Connection, { config }: Context): Promise<Finding[]> {
  if (config.TEMPORAL_ADDRESS === undefined) return ok(`The embedded Temporal has ${switches} on.`);
  const namespace = config.TEMPORAL_NAMESPACE;
  const name = namesOf(config.POSTHORN_TASK_QUEUE).taskQueue;
  for (const taskQueueType of [1, 2]) {
    const { statsByPriorityKey } = await workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType,
      reportStats: true,
    });
    const stats = Object.entries(statsByPriorityKey ?? {});
    const count = (backlog: unknown) => Number(backlog ?? 0);
    const isAddedElsewhere = stats.some(([key, { tasksAddRate }]) => key !== usualPriority && (tasksAddRate ?? 0) > 0);
    const waits = stats.filter(([, { approximateBacklogCount }]) => count(approximateBacklogCount) > 0).map(([key]) => key);
    if (isAddedElsewhere && waits.length > 0 && waits.every((key) => key === usualPriority))
      return warning(
        'Temporal ignores the priorities of tasks: a tenant with many deliveries delays the others.',
        `Switch ${switches} on in the dynamic configuration of the Temporal server, as docker-compose.yml does.`,
      );
  }
  return ok(`Temporal does not tell whether ${switches} are on; nothing that waits shows that they are off.`);
}
