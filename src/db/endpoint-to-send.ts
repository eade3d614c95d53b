// What an attempt needs of its endpoint, the same whether it is read with the delivery or with all endpoints of the tenant.
import type { BodyFormat } from '../domain/body-format.ts';
import type { Gate } from '../domain/endpoint.ts';
import type { RetryPolicy } from '../domain/retry-schedule.ts';
import type { Signing } from '../domain/signing.ts';

export interface EndpointToSend {
  /** Its target (src/target.ts). */
  sealed: Buffer;
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
  format: BodyFormat;
  signing: Signing | null;
  timeout_ms: number;
  max_in_flight: number | null;
  retry: RetryPolicy | null;
  gate: Gate;
}

export function toEndpointToSend({ target, format, signing, timeout_ms, max_in_flight, retry, gate }: EndpointToSendRow): EndpointToSend {
  return { sealed: target, format, signing, timeoutMs: timeout_ms, maxInFlight: max_in_flight, retry, gate };
}
