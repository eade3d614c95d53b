// What an attempt needs of its endpoint, the same whether it is read with the delivery or with all endpoints of the tenant.
import type { Gate } from '../domain/endpoint.ts';
import type { RetryPolicy } from '../domain/retry-schedule.ts';

export interface EndpointToSend {
  url: string;
  headers: Record<string, string>;
  timeoutMs: number;
  maxInFlight: number | null;
  retry: RetryPolicy | null;
  gate: Gate;
}

export interface EndpointToSendRow {
  url: string;
  headers: Record<string, string>;
  timeout_ms: number;
  max_in_flight: number | null;
  retry: RetryPolicy | null;
  gate: Gate;
}

export function toEndpointToSend({ url, headers, timeout_ms, max_in_flight, retry, gate }: EndpointToSendRow): EndpointToSend {
  return { url, headers, timeoutMs: timeout_ms, maxInFlight: max_in_flight, retry, gate };
}
