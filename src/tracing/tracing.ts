// What the parts of Posthorn may say to the traces, and how they are turned on. Off is the default: then there is no
// `Tracing` at all, and nothing of OpenTelemetry is loaded.
import type { ClientInterceptors } from '@temporalio/client';
import type { ActivityInterceptorsFactory, WorkerOptions } from '@temporalio/worker';
import type { SendResult } from '#domain/deliveries/outcome';
import type { TraceContext } from '#domain/events/trace-context';
import type { Logger } from '#runtime/logger';

export interface TracingSettings {
  /** Base URL of a collector. Undefined: traces are off. */
  endpoint: string | undefined;
  /** As in OTEL_EXPORTER_OTLP_HEADERS. */
  headers: string | undefined;
  serviceName: string;
  version: string;
  /** The share of traces that is kept, where the caller has not decided. */
  ratio: number;
}

export interface RequestSpan {
  /** For what the request creates. Null: it is not sampled, and its caller gave none. */
  context: TraceContext | null;
  end(answered: { method: string; route: string | undefined; status: number | null; requestId: string }): void;
}

export interface AttemptFacts {
  tenantId: string;
  endpointId: string;
  deliveryId: string;
  eventId: string;
  round: number;
  number: number;
  /** Of the event. Null or absent: it is not traced. */
  trace?: TraceContext | null | undefined;
  /** The events of a batch, which gets a trace of its own with links to theirs. */
  batch?: { trace?: TraceContext | null | undefined }[] | undefined;
}

export interface AttemptSpan {
  /** For the request to the endpoint. Null: it carries no trace. */
  context: TraceContext | null;
  ended(result: SendResult): void;
  /** No request was made. */
  failed(error: unknown): void;
}

export interface FannedOut {
  eventId: string;
  tenantId: string;
  /** When this process accepted the event, by the monotonic clock; null: another process did. */
  acceptedHereMs: number | null;
  trace: TraceContext | null;
}

export interface Tracing {
  /** `given`: the context of the caller. */
  request(method: string, given: TraceContext | null): RequestSpan;
  /** The event has its endpoints: so many are sent to directly, and so many by their lanes. */
  fannedOut(event: FannedOut, direct: number, lanes: number): void;
  attempt(facts: AttemptFacts): AttemptSpan;
  /**
   * Runs `run` in this trace. It continues the span that is active, if that belongs to the same trace. Null: what `run`
   * begins is not traced.
   */
  within<T>(trace: TraceContext | null, run: () => T): T;
  /** Fields for each line of the log. */
  logFields(): object;
  /** Of Temporal's SDK. */
  client: ClientInterceptors;
  activity: ActivityInterceptorsFactory;
  sinks: NonNullable<WorkerOptions['sinks']>;
  /** Exports what is waiting. Never rejects. */
  flush(): Promise<void>;
}

let opened: Promise<Tracing> | undefined;

/**
 * Undefined: traces are off. OpenTelemetry keeps its state in the process, so all calls return the same. `log` gets what
 * goes wrong with the export.
 */
export async function openTracing(settings: TracingSettings, log?: Logger): Promise<Tracing | undefined> {
  if (settings.endpoint === undefined) return undefined;
  opened ??= import('./open-telemetry.ts').then(({ startTracing }) => startTracing(settings));
  const tracing = await opened;
  if (log) (await import('./open-telemetry.ts')).reportExportErrors(log);
  return tracing;
}
