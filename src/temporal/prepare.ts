// Prepares a Temporal namespace: search attributes, the operator workflow, and the Schedule.
// Creates what is missing and updates the Schedule. Repeating it does no harm.
import {
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/client';
import type { Config } from '#config/config';
import { type TemporalNames, workflowTypes } from '#contract/workflow-contract';
import type { Logger } from '#runtime/logger';
import { missingAttributes, registerCommands } from './attributes-of-namespace.ts';
import { TemporalAway, type TemporalLink } from './link.ts';
import { type Start, startWorkflow } from './start-workflow.ts';

/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const keyword = 2;

/**
 * Registers missing search attributes. If Temporal refuses, logs the commands to run, and workflows are started without
 * them. If Temporal does not say which exist, all are assumed to; a start that is refused shows which one does not.
 */
export async function ensureSearchAttributes(link: TemporalLink, config: Config, log: Logger): Promise<void> {
  const namespace = config.TEMPORAL_NAMESPACE;
  try {
    const missing = await missingAttributes((run) => link.call(({ connection }) => run(connection)), namespace, isAway);
    const refusal = missing.length === 0 ? null : await register(link, namespace, missing);
    const isNews = link.attributes.found(refusal === null ? [] : missing);
    if (refusal === null && missing.length > 0) log.info({ missing }, 'temporal.search_attributes_registered');
    else if (isNews && refusal !== null) log.error({ err: refusal, missing, commands: registerCommands(namespace, missing) }, missingText);
  } finally {
    link.attributes.checkEnded();
  }
}

const isAway = (error: unknown) => error instanceof TemporalAway;

const missingText =
  'Posthorn could not register search attributes in Temporal. Deliveries go on, and cannot be searched by them. Run one of these commands';

/** Null: registered. Else the refusal. */
async function register(link: TemporalLink, namespace: string, missing: string[]): Promise<unknown> {
  const attributes = Object.fromEntries(missing.map((name) => [name, keyword]));
  return link
    .call((client) => client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes }))
    .then(() => null)
    .catch((error) => {
      if (error instanceof TemporalAway) throw error;
      return error;
    });
}

/** Starts the operator, unless it runs. Logs if the one that runs belongs to another Posthorn. */
export async function ensureOperator(link: TemporalLink, store: string, log: Logger): Promise<void> {
  const start: Start = {
    workflowId: link.names.operatorWorkflowId,
    args: [{}],
    memo: { store },
    staticSummary: 'Takes commands for any delivery or endpoint',
    staticDetails:
      'Signals: `replay`, `cancel`, `retryNow` with {"deliveryId"}; `pause`, `resume`, `skipHead` with {"endpointId"}. Query `recent` shows their results.',
  };
  try {
    await startWorkflow(link, start, (client, options) => client.workflow.start(workflowTypes.operator, options));
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo } = await link.call((client) => client.workflow.getHandle(start.workflowId ?? '').describe());
    const owner = memo?.store;
    if (owner !== undefined && owner !== store) log.error({ taskQueue: link.names.taskQueue, otherStore: owner }, sharedText);
  }
}

const sharedText =
  'Another Posthorn uses this namespace and task queue. Deliveries of both are slow, and one operator workflow and one upkeep serve only one of them. Set POSTHORN_TASK_QUEUE to another name for one of them';

const upkeepSchedule = ({ taskQueue, upkeepScheduleId }: TemporalNames) =>
  ({
    spec: { intervals: [{ every: '6 hours' }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    action: { type: 'startWorkflow', workflowType: workflowTypes.upkeep, taskQueue, args: [], workflowId: upkeepScheduleId },
  }) as const satisfies Omit<ScheduleOptions, 'scheduleId'>;

/**
 * Creates the Schedule for upkeep. With `update`, an existing Schedule gets the interval, policies and action of this
 * version; if it is paused, it stays paused. Use `update` once per process, so that two versions that run at the same
 * time do not overwrite each other again and again.
 */
export async function ensureSchedules(link: TemporalLink, { update }: { update: boolean }): Promise<void> {
  const scheduleId = link.names.upkeepScheduleId;
  const upkeep = upkeepSchedule(link.names);
  try {
    await link.call((client) => client.schedule.create({ scheduleId, ...upkeep }));
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    if (update) await link.call((client) => client.schedule.getHandle(scheduleId).update((there) => ({ ...there, ...upkeep })));
  }
}
