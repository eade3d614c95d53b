// A lane: the one owner of an endpoint whose traffic must be paced, ordered, batched, held, probed, or is more than it takes (docs/lanes.md).
import { z } from 'zod';

/** awake: a drain runs or was asked for · idle: rests until something is parked · shut: rests until its time, or until something is changed. */
export const laneStates = ['awake', 'idle', 'shut'] as const;
export type LaneState = (typeof laneStates)[number];

/** What opened it, beside the endpoint's own settings. */
export const laneReasons = ['backlog', 'cap', 'failing'] as const;
export type LaneReason = (typeof laneReasons)[number];

/** Why the gate of an endpoint is closed that failed for too long; only such a one comes back by itself. */
export const failedTooLong = 'failed for too long';

/** Why a shut lane, or one that waits, sends nothing now. */
export const laneWaits = [
  'paused',
  'unverified',
  'disabled',
  'circuit_open',
  'retry_after',
  'head_in_backoff',
  'blocked_by_dead_letter',
  'settling',
  'nothing_due',
  'rate',
  'batch_filling',
] as const;
export const laneWait = z.enum(laneWaits);
export type LaneWait = z.infer<typeof laneWait>;

/** What a drain says when it ends, to the workflow of its lane. */
export interface LaneReport {
  /** awake: go on at once. idle without `dueInMs`: nothing is held, the lane's workflow ends. */
  state: LaneState;
  wait: LaneWait | null;
  /** When the lane acts by itself; null: only when it is signalled. */
  dueInMs: number | null;
  /** Deliveries held for the endpoint when it ended, counted up to 10,000. */
  held: number;
  /** Requests it made. */
  sent: number;
}

/** To be told of what matters to lanes; harmless to repeat. */
export interface Lanes {
  /** The commit that parked rows for these endpoints is acknowledged. */
  parked(endpointIds: string[]): Promise<void>;
  /** Something was changed by hand: also a lane that is shut looks again. */
  changed(endpointId: string): Promise<void>;
}
