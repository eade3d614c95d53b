// Contract of the workflows: ids, task queues, signals, updates, queries and their types.
// Clients import this file instead of the workflow code.
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Command, DeliveryStatus } from '#domain/deliveries/delivery';
import type { LaneState, LaneWait } from '#domain/lanes/lane';
import type { ReplayStatus } from '#domain/replays/replay';

/** The names in Temporal that two Posthorns on one namespace must not share. */
export interface TemporalNames {
  taskQueue: string;
  /** Task queue of drains. It is separate, so that drains and attempts do not compete for activity slots. */
  laneTaskQueue: string;
  operatorWorkflowId: string;
  upkeepScheduleId: string;
}

/** `taskQueue`: POSTHORN_TASK_QUEUE. */
export const namesOf = (taskQueue: string): TemporalNames => ({
  taskQueue,
  laneTaskQueue: `${taskQueue}-lanes`,
  operatorWorkflowId: `${taskQueue}/operator`,
  upkeepScheduleId: `${taskQueue}/upkeep`,
});

/** Holds the id of the store that a workflow or an activity belongs to. */
export const storeHeader = 'posthorn-store';
/** The failure type of an activity that a worker of another store refused. */
export const otherStoreFailure = 'OtherStore';

/** Temporal starts an attempt or a drain again so long after its last heartbeat (src/domain/timings.ts). */
export const heartbeatTimeoutsMs = { attempt: 15_000, drain: 30_000, replay: 4_000 } as const;

export const workflowTypes = {
  dispatch: 'dispatchEvents',
  deliver: 'deliver',
  lane: 'endpointLane',
  operator: 'operator',
  upkeep: 'upkeep',
  verify: 'verifyEndpoint',
  rotateKey: 'rotateKey',
  replay: 'replayDeliveries',
} as const;
export const dispatchWorkflowId = (dispatchId: string) => `dispatch/${dispatchId}`;
export const deliveryWorkflowId = (deliveryId: string) => `delivery/${deliveryId}`;
export const laneWorkflowId = (endpointId: string) => `lane/${endpointId}`;
export const verificationWorkflowId = (endpointId: string) => `verify/${endpointId}`;
export const replayWorkflowId = (replayId: string) => `replay/${replayId}`;
export const rotateKeyWorkflowId = (keyId: string) => `rotate-key/${keyId}`;

export const tenantAttribute = defineSearchAttributeKey('PosthornTenant', 'KEYWORD');
export const endpointAttribute = defineSearchAttributeKey('PosthornEndpoint', 'KEYWORD');
export const eventTypeAttribute = defineSearchAttributeKey('PosthornEventType', 'KEYWORD');
export const statusAttribute = defineSearchAttributeKey('PosthornStatus', 'KEYWORD');
export const searchAttributes = [tenantAttribute, endpointAttribute, eventTypeAttribute, statusAttribute];

export interface DeliverInput {
  deliveryId: string;
  /** Status and round of the row when the workflow was started. */
  status: DeliveryStatus;
  round: number;
  deadLetterWindowMs: number;
  /** Default: the usual one. */
  heartbeatTimeoutMs?: number;
  /** The delivery may have no row yet. */
  plan?: PlanInput;
}

/** The only delivery of a dispatch, whose row is written with its first attempt. */
export interface PlanInput {
  dispatchId: string;
  eventId: string;
  endpointId: string;
}

/** Progress of a dispatch. Planning and starting are idempotent, so a lost cursor only costs time. */
export interface DispatchCursor {
  phase: 'plan' | 'start';
  /** While planning: index into the dispatch's events. */
  event: number;
  /** The last endpoint planned of that event, or the last delivery started. */
  after: string | null;
}

// Arguments are optional and untrusted: a signal typed by hand must not block a workflow.
export const replaySignal = defineSignal<[unknown?]>('replay'); // { replayId?, reason? }
export const cancelSignal = defineSignal<[unknown?]>('cancel'); // { reason? }
export const retryNowSignal = defineSignal<[unknown?]>('retryNow'); // { reason? }
/** The row was changed outside the workflow: read it again. */
export const lookSignal = defineSignal<[unknown?]>('look');

/** To a lane: a delivery was parked, or a setting was changed. Drain again. */
export const wakeSignal = defineSignal<[unknown?]>('wake');
/** Skip the dead letter that blocks the endpoint's order, or the order of one key. */
export const skipHeadSignal = defineSignal<[unknown?]>('skipHead'); // { orderingKey? }

/** State of a lane's workflow, from the reports of its drains. */
export interface LaneKnown {
  state: LaneState;
  wait: LaneWait | null;
  /** Deliveries held when the last drain ended, counted up to 10,000. */
  held: number;
  /** Requests sent by all drains, and the number of drains. */
  sent: number;
  drains: number;
  /** Time of the next drain; null: only after a signal. */
  dueAt: string | null;
}
export const laneQuery = defineQuery<LaneKnown>('lane');

/**
 * State of a delivery as of the last activity result. While an activity retries, the pending activity in the Web UI
 * shows more.
 */
export interface DeliverState {
  status: DeliveryStatus;
  round: number;
  /** Made in this round. */
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
  /** Relays make its next attempt, so an unfinished delivery needs no workflow. Absent: they do not. */
  pumped?: boolean;
}
export const statusQuery = defineQuery<DeliverState>('status');

export interface DispatchProgress {
  planned: number;
  started: number;
  done: boolean;
  /** The first 256 deliveries of its events, as they are when it is done: `dlv_… succeeded`. */
  deliveries: string[];
}
export const progressQuery = defineQuery<DispatchProgress>('progress');

export interface RotateKeyInput {
  keyId: string;
}

/**
 * published: the key does not sign yet; signing: it signs together with the previous keys; alone: the previous keys
 * have stopped signing, but are still published; done: the previous keys are deleted.
 */
export interface RotationProgress {
  phase: 'published' | 'signing' | 'alone' | 'done' | 'cancelled';
  /** Milliseconds until the next phase; null: this is the last one. */
  nextInMs: number | null;
}
export const rotationQuery = defineQuery<RotationProgress>('progress');

export interface ReplayInput {
  replayId: string;
  /** Only after continue-as-new. */
  known?: ReplayProgress;
}

/** State of a replay job as of the last activity result, some seconds ago. */
export interface ReplayProgress {
  status: ReplayStatus;
  matched: number;
  /** Replayed or skipped. */
  done: number;
  succeeded: number;
  failed: number;
  skipped: number;
  /** Replayed, and without a result. */
  waiting: number;
  perSecond: number;
  /** Measured over the last seconds; null: not measured. */
  rate: number | null;
}
export const replayProgressQuery = defineQuery<ReplayProgress>('progress');

// The operator takes the delivery commands with { deliveryId }, and pause, resume and skipHead with { endpointId }.
// A lane takes pause, resume and skipHead for its own endpoint.
export const pauseSignal = defineSignal<[unknown?]>('pause');
export const resumeSignal = defineSignal<[unknown?]>('resume');

/** What became of a command. */
export interface CommandAnswer {
  obeyed: boolean;
  /** The status of the delivery now; for an endpoint: paused, resumed or skipped. */
  status?: string;
  /** The dead letter that was skipped. */
  deliveryId?: string;
  /** Why it was not obeyed. */
  reason?: string;
}

// The same commands as Updates, which answer. Malformed input is rejected before anything is done.
export const replayUpdate = defineUpdate<CommandAnswer, [unknown?]>('replay');
export const cancelUpdate = defineUpdate<CommandAnswer, [unknown?]>('cancel');
export const retryNowUpdate = defineUpdate<CommandAnswer, [unknown?]>('retryNow');
export const pauseUpdate = defineUpdate<CommandAnswer, [unknown?]>('pause');
export const resumeUpdate = defineUpdate<CommandAnswer, [unknown?]>('resume');
export const skipHeadUpdate = defineUpdate<CommandAnswer, [unknown?]>('skipHead');

/** Deliveries a second of a replay job: as in src/domain/replays/pace.ts, which is not part of the workflows' code. */
export const paceLimits = { slowest: 0.01, fastest: 1_000 } as const;

/** Of a replay job. */
export const setPaceUpdate = defineUpdate<CommandAnswer, [unknown?]>('setPace'); // { perSecond }

export type Gate = 'pause' | 'resume';

/** A command that the operator was given. */
export type OperatorOrder =
  | { deliveryId: string; command: Command }
  | { endpointId: string; gate: Gate }
  | { endpointId: string; skipHeadOf: string | null };

/** Orders of one subject are obeyed in their order. */
export function subjectOf(order: OperatorOrder): string {
  return 'command' in order ? order.deliveryId : order.endpointId;
}

export interface OperatorAction {
  command: string;
  subject: string;
  result: string;
}
export const recentQuery = defineQuery<OperatorAction[]>('recent');
