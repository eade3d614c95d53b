// Everything that may be said to a workflow, and its address. Clients import this file, never a workflow's body.
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { DeliveryStatus } from '#domain/delivery';
import type { LaneState, LaneWait } from '#domain/lane';

export const taskQueue = 'posthorn';
/** Drains run there, so that they and attempts never take each other's slots. */
export const laneTaskQueue = 'posthorn-lanes';

export const workflowTypes = {
  dispatch: 'dispatchEvents',
  deliver: 'deliver',
  lane: 'endpointLane',
  operator: 'operator',
  upkeep: 'upkeep',
  verify: 'verifyEndpoint',
  rotateKey: 'rotateKey',
} as const;
export const dispatchWorkflowId = (dispatchId: string) => `dispatch/${dispatchId}`;
export const deliveryWorkflowId = (deliveryId: string) => `delivery/${deliveryId}`;
export const laneWorkflowId = (endpointId: string) => `lane/${endpointId}`;
export const verificationWorkflowId = (endpointId: string) => `verify/${endpointId}`;
export const rotateKeyWorkflowId = (keyId: string) => `rotate-key/${keyId}`;
export const operatorWorkflowId = 'posthorn/operator';
export const upkeepScheduleId = 'posthorn/upkeep';

export const tenantAttribute = defineSearchAttributeKey('PosthornTenant', 'KEYWORD');
export const endpointAttribute = defineSearchAttributeKey('PosthornEndpoint', 'KEYWORD');
export const eventTypeAttribute = defineSearchAttributeKey('PosthornEventType', 'KEYWORD');
export const statusAttribute = defineSearchAttributeKey('PosthornStatus', 'KEYWORD');
export const searchAttributes = [tenantAttribute, endpointAttribute, eventTypeAttribute, statusAttribute];

export interface DeliverInput {
  deliveryId: string;
  /** What the row was when the workflow was started. */
  status: DeliveryStatus;
  deadLetterWindowMs: number;
}

/** Where a dispatch has got to; null: at its start. Both ends of the story are idempotent, so a lost cursor only costs time. */
export interface DispatchCursor {
  phase: 'plan' | 'start';
  /** While planning: index into the dispatch's events. */
  event: number;
  /** The last endpoint planned of that event, or the last delivery started. */
  after: string | null;
}

// Arguments are optional and untrusted: whoever types a signal by hand must not be able to wedge a workflow.
export const replaySignal = defineSignal<[unknown?]>('replay'); // { replayId?, reason? }
export const cancelSignal = defineSignal<[unknown?]>('cancel'); // { reason? }
export const retryNowSignal = defineSignal<[unknown?]>('retryNow'); // { echoOf? }: our own, of an order that is written already
/** The row was changed behind the workflow's back: read it. */
export const lookSignal = defineSignal<[unknown?]>('look');

/** To a lane: something was parked or changed, look. */
export const wakeSignal = defineSignal<[unknown?]>('wake');
/** The dead letter that blocks its order, or that of one key, blocks it no longer. */
export const skipHeadSignal = defineSignal<[unknown?]>('skipHead'); // { orderingKey? }

/** What a lane's workflow knows: what its drains have said. */
export interface LaneKnown {
  state: LaneState;
  wait: LaneWait | null;
  /** When the last drain ended, counted up to 10,000. */
  held: number;
  /** Requests of all its drains, and how many drains that were. */
  sent: number;
  drains: number;
  /** When it acts by itself. */
  dueAt: string | null;
}
export const laneQuery = defineQuery<LaneKnown>('lane');

/** What a delivery's workflow knows of it: as of when it last heard from an activity. While one retries, its pending activity says more. */
export interface DeliverState {
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
}
export const statusQuery = defineQuery<DeliverState>('status');

export interface DispatchProgress {
  planned: number;
  started: number;
  done: boolean;
}
export const progressQuery = defineQuery<DispatchProgress>('progress');

export interface RotateKeyInput {
  keyId: string;
}

/** published: not signing yet; signing: beside the keys before it; alone: those have ended, and are still published; done: they are forgotten. */
export interface RotationProgress {
  phase: 'published' | 'signing' | 'alone' | 'done' | 'cancelled';
  /** Until the next one; null: there is none. */
  nextInMs: number | null;
}
export const rotationQuery = defineQuery<RotationProgress>('progress');

// The operator takes the same orders for any delivery ({ deliveryId }), and pause, resume and skipHead ({ endpointId }). A lane takes these for its endpoint.
export const pauseSignal = defineSignal<[unknown?]>('pause');
export const resumeSignal = defineSignal<[unknown?]>('resume');

export interface OperatorAction {
  order: string;
  subject: string;
  result: string;
}
export const recentQuery = defineQuery<OperatorAction[]>('recent');
