// The facts about an endpoint that an attempt needs, whether read with the delivery or with all
// endpoints of the tenant.

import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import type { Gate } from '#domain/endpoints/endpoint';
import type { Signing } from '#domain/endpoints/signing';
import type { BodyFormat } from '#domain/events/body-format';

/** The endpoint and target version that a request went to. Its result counts for this version only. */
export interface AskedEndpoint {
  endpointId: string;
  targetVersion: number;
}

export interface EndpointToSend {
  /** Its encrypted target (src/sealing/endpoint-target-encryption.ts). */
  sealed: Buffer;
  /** Grows with each change of the target or of the signing. */
  targetVersion: number;
  format: BodyFormat;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  timeoutMs: number;
  maxInFlight: number | null;
  retry: RetryPolicy | null;
  gate: Gate;
}

export interface EndpointToSendRow {
  target: Buffer;
  target_version: number;
  format: BodyFormat;
  signing: Signing | null;
  timeout_ms: number;
  max_in_flight: number | null;
  retry: RetryPolicy | null;
  gate: Gate;
}

export function toEndpointToSend(row: EndpointToSendRow): EndpointToSend {
  return {
    sealed: row.target,
    targetVersion: row.target_version,
    format: row.format,
    signing: row.signing,
    timeoutMs: row.timeout_ms,
    maxInFlight: row.max_in_flight,
    retry: row.retry,
    gate: row.gate,
  };
}
