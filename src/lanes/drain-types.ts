// The type of a drain, for its callers.
import type { LaneReport } from '#domain/lanes/lane';

/** `tenantId`: of the endpoint; absent: this drain did not own the lane. */
export type DrainReport = LaneReport & { tenantId?: string };

/**
 * Drains the lane of an endpoint until there is nothing to do now, or until `stopping` is aborted. Rejects when
 * PostgreSQL fails: call again.
 */
export type Drain = (endpointId: string, stopping: AbortSignal) => Promise<DrainReport>;
