// What drains are, to who calls them.
import type { LaneReport } from '#domain/lane';

/** Drains the lane of an endpoint until there is nothing to do now, or `stopping`. Rejects when our own store is at fault: call again. */
export type Drain = (endpointId: string, stopping: AbortSignal) => Promise<LaneReport>;
