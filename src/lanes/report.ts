// What a drain says when it ends, to the workflow of its lane.
import type { LaneState, LaneWait } from '../domain/lane.ts';

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

/** Drains the lane of an endpoint until there is nothing to do now, or `stopping`. Rejects when our own store is at fault: call again. */
export type Drain = (endpointId: string, stopping: AbortSignal) => Promise<LaneReport>;
