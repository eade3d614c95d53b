// Computes the figures of a run from the measurements of load generator and receiver.
import type { Collected, StreamResult } from './messages.ts';

export interface Times {
  p50: number;
  p99: number;
  max: number;
}

export interface Figures {
  events: number;
  accepted: number;
  /** Responses other than an acceptance, by status. Status 0: no response. */
  refused: Record<string, number>;
  deliveries: number;
  acceptedPerSecond: number;
  /** Milliseconds from the first request of the load to the last delivery. */
  deliveriesPerSecond: number;
  /** Milliseconds from the due time of an event to its acceptance. */
  accept: Times;
  /** Milliseconds from the due time of an event to its first complete request at an endpoint. */
  endToEnd: Times;
  /** Milliseconds by which the load generator sent events after their due time. Included in the two above. */
  late: Times;
  /** Events that were accepted and not delivered by the deadline. */
  lost: number;
  duplicates: number;
  lastDeliveryAt: number;
}

export function figuresOf(prefix: string, endpoints: number, sent: StreamResult, collected: Collected): Figures {
  const { due, answered, status } = sent;
  const all = [...status.keys()];
  const isAccepted = (n: number) => (status[n] ?? 0) >= 200 && (status[n] ?? 0) < 300;
  const accepted = all.filter(isAccepted);
  const refused: Record<string, number> = {};
  for (const n of all) if (!isAccepted(n)) refused[String(status[n])] = (refused[String(status[n])] ?? 0) + 1;
  const eventOf = collected.ids.map((id) => Number(id.slice(prefix.length + 1)));
  const toEnd = eventOf.map((n, index) => (collected.firstAt[index] ?? Number.NaN) - (due[n] ?? Number.NaN));
  const delivered = collected.deliveredAt.filter((at) => !Number.isNaN(at));
  const deliveredOfAccepted = eventOf.filter(
    (n, index) => isAccepted(n) && !Number.isNaN(collected.deliveredAt[index] ?? Number.NaN),
  ).length;
  const begin = Math.min(...chunked(sent.sent, Math.min));
  const lastDeliveryAt = Math.max(...chunked(delivered, Math.max));
  const lastAcceptedAt = accepted.reduce((last, n) => Math.max(last, answered[n] ?? 0), 0);
  return {
    events: all.length,
    accepted: accepted.length,
    refused,
    deliveries: delivered.length,
    acceptedPerSecond: (accepted.length * 1_000) / (lastAcceptedAt - begin),
    deliveriesPerSecond: (delivered.length * 1_000) / (lastDeliveryAt - begin),
    accept: timesOf(accepted.map((n) => (answered[n] ?? 0) - (due[n] ?? 0))),
    endToEnd: timesOf(toEnd),
    late: timesOf(all.map((n) => (sent.sent[n] ?? 0) - (due[n] ?? 0))),
    lost: accepted.length * endpoints - deliveredOfAccepted,
    duplicates: collected.duplicates,
    lastDeliveryAt,
  };
}

export function timesOf(values: readonly number[]): Times {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Computes a minimum or maximum in pieces, because a call takes a limited number of arguments. */
function chunked(values: Float64Array, extreme: (...numbers: number[]) => number): number[] {
  const pieces = Math.ceil(values.length / 10_000);
  return Array.from({ length: pieces }, (_, piece) => extreme(...values.subarray(piece * 10_000, (piece + 1) * 10_000)));
}
