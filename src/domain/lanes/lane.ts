// Lane: the single queue of an endpoint that is paced, ordered, batched, paused, failing or over
// its limit. This file has its states and what its drain reports. docs/lanes.md explains lanes.
import { z } from 'zod';

/**
 * awake: a drain runs or is due · idle: waits until a delivery is parked · blocked: waits until its due time or until a
 * change.
 */
export const laneStates = ['awake', 'idle', 'blocked'] as const;
export type LaneState = (typeof laneStates)[number];

/** Why a lane was opened, other than by the endpoint's settings. */
const laneReasons = ['backlog', 'cap', 'failing'] as const;
export type LaneReason = (typeof laneReasons)[number];

/**
 * Gate reason of an endpoint that was disabled because it failed for too long. Only such endpoints are enabled again
 * automatically.
 */
export const failedTooLong = 'failed for too long';

/** Why a lane sends nothing now. */
export const laneWaits = [
  'paused',
  'unverified',
  'disabled',
  'circuit_open',
  'retry_after',
  'head_in_backoff',
  'blocked_by_dead_letter',
  'ordering_cutover',
  'nothing_due',
  'rate',
  'batch_filling',
] as const;
export const laneWait = z.enum(laneWaits);
export type LaneWait = z.infer<typeof laneWait>;

/** Result of a drain, returned to the workflow of its lane. */
export interface LaneReport {
  /** awake: drain again at once. idle with `dueInMs` null: nothing is held, and the lane's workflow ends. */
  state: LaneState;
  wait: LaneWait | null;
  /** Milliseconds until the next drain; null: only after a signal. */
  dueInMs: number | null;
  /** Deliveries still held when the drain ended, counted up to 10,000. */
  held: number;
  /** Requests sent by this drain. */
  sent: number;
}

/** Notifications to lanes. Repeating one does no harm. */
export interface Lanes {
  /** Call it after the commit that parked deliveries for these endpoints. */
  parked(endpointIds: string[]): Promise<void>;
  /** Call it after a change by a user. It also wakes a lane that is blocked. */
  changed(endpointId: string): Promise<void>;
}
