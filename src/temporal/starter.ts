// Starts and signals the workflows of dispatches, deliveries and lanes. Workflow ids are derived
// from business ids, so "already started" counts as success, and every start can be repeated.
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Priority } from '@temporalio/common';
import {
  type DeliverInput,
  deliveryWorkflowId,
  dispatchWorkflowId,
  endpointAttribute,
  eventTypeAttribute,
  heartbeatTimeoutsMs,
  laneWorkflowId,
  lookSignal,
  type PlanInput,
  statusAttribute,
  tenantAttribute,
  wakeSignal,
  workflowTypes,
} from '#contract/workflow-contract';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import type { LaneRef } from '#db/lanes/lanes';
import { isUnderWay } from '#domain/deliveries/delivery';
import type { TraceContext } from '#domain/events/trace-context';
import { type Timings, usualTimings } from '#domain/timings';
import type { Tracing } from '#tracing/tracing';
import type { TemporalLink } from './link.ts';
import { type Start, startWorkflow } from './start-workflow.ts';
import { endIfStuck, type Progress } from './stuck-workflow.ts';

/**
 * A dispatch to start, with the details that Temporal shows. `tenant` (external id) and `eventType` belong to one of
 * its events.
 */
export interface DispatchRef {
  dispatchId: string;
  events: number;
  tenants: number;
  tenant: string;
  eventType: string;
  /** Of its only event. Absent or null: it is not traced. */
  trace?: TraceContext | null;
}

/** open: the workflow was open already. */
export type Started = 'started' | 'open';

/** All calls throw TemporalAway when Temporal is unavailable, and TemporalRefused when it refuses. */
export interface Starter {
  startDispatch(dispatch: DispatchRef): Promise<Started>;
  /** `plan`: the delivery may have no row yet. */
  startDelivery(delivery: DeliveryRef, startedBy: string, plan?: PlanInput): Promise<Started>;
  /**
   * Makes a delivery's workflow read its row again, after a change outside it. Also starts the workflow if the delivery
   * is pending, retrying or dead-lettered, unless relays attempt it (`pumped`): a dead letter waits for commands in its workflow, even if a lane made all
   * its attempts.
   */
  look(delivery: DeliveryRef & { pumped?: boolean }, startedBy: string): Promise<void>;
  /** See stuck-workflow.ts. */
  endIfStuck(workflowId: string): Promise<Progress | null>;
}

export function createStarter(
  link: TemporalLink,
  deadLetterWindowMs: number,
  { temporal, heartbeat }: Pick<Timings, 'temporal' | 'heartbeat'> = usualTimings,
  tracing?: Pick<Tracing, 'within'>,
): Starter {
  const within = <T>(trace: TraceContext | null | undefined, run: () => T): T => (tracing ? tracing.within(trace ?? null, run) : run());
  const times = { workflowTaskTimeout: temporal.workflowTaskTimeoutMs };
  const startOf = (delivery: DeliveryRef, startedBy: string, plan?: PlanInput) => {
    const start = deliveryStart(delivery, deadLetterWindowMs, startedBy, plan, heartbeat.attempt.timeoutMs);
    return { ...start, ...times };
  };
  return {
    startDispatch: (dispatch) =>
      within(dispatch.trace, () => startOnce(link, workflowTypes.dispatch, { ...dispatchStart(dispatch), ...times })),
    look(delivery, startedBy) {
      const needsWorkflow = !delivery.pumped && (isUnderWay(delivery.status) || delivery.status === 'dead_lettered');
      return needsWorkflow ? lookOrStart(link, startOf(delivery, startedBy)) : lookIfOpen(link, delivery);
    },
    startDelivery: (delivery, startedBy, plan) =>
      within(delivery.trace, () => startOnce(link, workflowTypes.deliver, startOf(delivery, startedBy, plan))),
    endIfStuck: (workflowId) => endIfStuck(link, workflowId),
  };
}

/**
 * Task queue priorities: Temporal takes the lowest number first. Within a number it serves tenants in turn, if fairness
 * is enabled. A lane has deliveries of all three kinds, and gets the middle number.
 */
const priorities = { firstAttempt: 2, retry: 3, replay: 4 };

function priorityOf({ tenant, status, round }: DeliveryRef): Priority {
  const { firstAttempt, retry, replay } = priorities;
  const first = status === 'pending' ? firstAttempt : status === 'retrying' ? retry : replay;
  return { fairnessKey: tenant, priorityKey: round > 1 ? replay : first };
}

async function startOnce(link: TemporalLink, type: string, options: Start): Promise<Started> {
  try {
    await startWorkflow(link, options, (client, start) => client.workflow.start(type, { ...start, requestEagerStart: true }));
    return 'started';
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return 'open';
  }
}

async function lookOrStart(link: TemporalLink, start: Start): Promise<void> {
  await startWorkflow(link, start, (client, options) =>
    client.workflow.signalWithStart(workflowTypes.deliver, { ...options, signal: lookSignal, signalArgs: [] }),
  );
}

async function lookIfOpen(link: TemporalLink, { deliveryId }: DeliveryRef): Promise<void> {
  try {
    await link.start((client) => client.workflow.getHandle(deliveryWorkflowId(deliveryId)).signal(lookSignal));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function dispatchStart({ dispatchId, events, tenants, tenant, eventType }: DispatchRef): Start {
  const single = events === 1;
  const about = single ? `${eventType} of ${tenant}` : `${events} events of ${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}`;
  return {
    workflowId: dispatchWorkflowId(dispatchId),
    args: [{ dispatchId }],
    staticSummary: about,
    memo: { about },
    staticDetails: 'Plans the deliveries of its events and starts a `deliver` workflow for each unfinished one.',
    priority: { priorityKey: priorities.firstAttempt, ...(tenants === 1 && { fairnessKey: tenant }) },
    ...(single && {
      typedSearchAttributes: [
        { key: tenantAttribute, value: tenant },
        { key: eventTypeAttribute, value: eventType },
      ],
    }),
  };
}

/** Start options of a delivery's workflow. */
export function deliveryStart(
  delivery: DeliveryRef,
  deadLetterWindowMs: number,
  startedBy: string,
  plan?: PlanInput,
  heartbeatTimeoutMs: number = heartbeatTimeoutsMs.attempt,
): Start & { args: [DeliverInput] } {
  const { deliveryId, status, round, tenant, endpointId, endpointHost: host, eventType } = delivery;
  return {
    workflowId: deliveryWorkflowId(deliveryId),
    args: [{ deliveryId, status, round, deadLetterWindowMs, ...(plan && { plan }), ...unusual(heartbeatTimeoutMs, 'attempt') }],
    priority: priorityOf(delivery),
    staticSummary: `${eventType} → ${host}`,
    staticDetails: `Tenant ${tenant}, endpoint ${endpointId} at ${host}, started by ${startedBy}.`,
    // unlike the two above, a memo stays after continue-as-new
    memo: { host },
    typedSearchAttributes: [
      { key: tenantAttribute, value: tenant },
      { key: endpointAttribute, value: endpointId },
      { key: eventTypeAttribute, value: eventType },
      { key: statusAttribute, value: status },
    ],
  };
}

/** A workflow's input names only a timeout that is not the usual one. */
function unusual(heartbeatTimeoutMs: number, of: keyof typeof heartbeatTimeoutsMs): { heartbeatTimeoutMs?: number } {
  return heartbeatTimeoutMs === heartbeatTimeoutsMs[of] ? {} : { heartbeatTimeoutMs };
}

/** Signals a lane's workflow to drain again, and starts it if it is not open. */
export async function signalLane(
  link: TemporalLink,
  { endpointId, tenant, endpointHost: host }: Omit<LaneRef, 'tenantId'>,
  heartbeatTimeoutMs: number = heartbeatTimeoutsMs.drain,
): Promise<void> {
  const start: Start = {
    workflowId: laneWorkflowId(endpointId),
    args: [{ endpointId, ...unusual(heartbeatTimeoutMs, 'drain') }],
    priority: { fairnessKey: tenant, priorityKey: priorities.retry },
    staticSummary: `lane to ${host}`,
    staticDetails: `Tenant ${tenant}, endpoint ${endpointId} at ${host}: its held deliveries, sent by this lane alone.`,
    memo: { host },
    typedSearchAttributes: [
      { key: tenantAttribute, value: tenant },
      { key: endpointAttribute, value: endpointId },
      { key: statusAttribute, value: 'held' },
    ],
  };
  await startWorkflow(link, start, (client, options) =>
    client.workflow.signalWithStart(workflowTypes.lane, { ...options, signal: wakeSignal, signalArgs: [undefined] }),
  );
}
