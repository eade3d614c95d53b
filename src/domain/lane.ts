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
