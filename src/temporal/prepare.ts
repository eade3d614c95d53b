// What Posthorn needs in a Temporal namespace: search attributes, the operator, and the Schedules. Each is made when missing, and a Schedule is brought up to date; all is repeatable.
import {
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/client';
import type { Config } from '#config/config';
import { operatorWorkflowId, searchAttributes, taskQueue, upkeepScheduleId, workflowTypes } from '#contract/workflow-contract';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';

/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const keyword = 2;

/** Registers missing search attributes; where Temporal does not allow that, logs the command that does. */
export async function ensureSearchAttributes(link: TemporalLink, config: Config, log: Logger): Promise<void> {
  const namespace = config.TEMPORAL_NAMESPACE;
  const existing = await link.call((client) => client.connection.operatorService.listSearchAttributes({ namespace }));
  const missing = searchAttributes.map(({ name }) => name).filter((name) => !(name in (existing.customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    const attributes = Object.fromEntries(missing.map((name) => [name, keyword]));
    await link.call((client) => client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes }));
    log.info({ missing }, 'temporal.search_attributes_registered');
  } catch (error) {
    const command = `temporal operator search-attribute create --namespace ${namespace} ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
    log.error({ err: error, command }, 'Temporal did not let us register search attributes: run this command');
  }
}

/** Starts the operator, unless it runs. */
export async function ensureOperator(link: TemporalLink): Promise<void> {
  try {
    await link.call((client) =>
      client.workflow.start(workflowTypes.operator, {
        workflowId: operatorWorkflowId,
        taskQueue,
        args: [{}],
        staticSummary: 'Takes orders for any delivery or endpoint',
        staticDetails:
          'Signals: `replay`, `cancel`, `retryNow` with {"deliveryId"}; `pause`, `resume`, `skipHead` with {"endpointId"}. Query `recent` shows what came of them.',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

const upkeepSchedule = {
  spec: { intervals: [{ every: '6 hours' }] },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
  action: { type: 'startWorkflow', workflowType: workflowTypes.upkeep, taskQueue, args: [], workflowId: upkeepScheduleId },
} as const satisfies Omit<ScheduleOptions, 'scheduleId'>;

/**
 * Makes the Schedule for upkeep. With `update` one that is there already gets the interval, policies and action of this version; whether it is paused is
 * the operator's business and stays. To be asked for once by each process, so that two versions that run side by side do not change it in turn.
 */
export async function ensureSchedules(link: TemporalLink, { update }: { update: boolean }): Promise<void> {
  try {
    await link.call((client) => client.schedule.create({ scheduleId: upkeepScheduleId, ...upkeepSchedule }));
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    if (update)
      await link.call((client) => client.schedule.getHandle(upkeepScheduleId).update((there) => ({ ...there, ...upkeepSchedule })));
  }
}
