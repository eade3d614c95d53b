// Prepares a Temporal namespace: search attributes, the operator workflow, and the Schedule.
// Creates what is missing and updates the Schedule. Repeating it does no harm.
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

/** Registers missing search attributes. If Temporal refuses, logs the command to run. */
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
    log.error({ err: error, command }, 'Posthorn could not register search attributes in Temporal. Run this command');
  }
}

/** Starts the operator, unless it runs. */
export async function ensureOperator(link: TemporalLink): Promise<void> {
  try {
    await link.start((client) =>
      client.workflow.start(workflowTypes.operator, {
        workflowId: operatorWorkflowId,
        taskQueue,
        args: [{}],
        staticSummary: 'Takes commands for any delivery or endpoint',
        staticDetails:
          'Signals: `replay`, `cancel`, `retryNow` with {"deliveryId"}; `pause`, `resume`, `skipHead` with {"endpointId"}. Query `recent` shows their results.',
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
 * Creates the Schedule for upkeep. With `update`, an existing Schedule gets the interval, policies and action of this
 * version; if it is paused, it stays paused. Use `update` once per process, so that two versions that run at the same
 * time do not overwrite each other again and again.
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
