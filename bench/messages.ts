// What the bench says to its two child processes and what they answer. Every time is in milliseconds of the machine's monotonic clock, which all
// processes share: `now()`.

export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Events of one tenant, with the ids `<prefix>-<n>`, n from 0. */
export interface Stream {
  tenant: string;
  prefix: string;
  count: number;
  /** Open loop: event n is due n / rate after the start, however the ones before it fare. Without it `atOnce` requests are kept under way. */
  ratePerSecond?: number;
  atOnce?: number;
  startAfterMs?: number;
  /** Event n has the ordering key `key-<n modulo keys>`. */
  keys?: number;
  /** As a careful producer: what was not accepted is sent again under the same id, for a minute. */
  insist?: boolean;
}

export interface LoadOrder {
  origin: string;
  apiKey: string;
  streams: Stream[];
  /** Says `reached` when so many events have been accepted. */
  tellAt?: number;
}

/** Indexed by n. */
export interface StreamResult {
  /** When the event was due; with `atOnce`, when it was sent. */
  due: Float64Array;
  sent: Float64Array;
  answered: Float64Array;
  /** The last status, 0 for none. */
  status: Uint16Array;
}

export type LoadAnswer = { kind: 'reached' } | { kind: 'done'; results: StreamResult[] };

/** `down`: endpoints with `?mayFail` refuse everything from now on, or answer again. */
export type ReceiverOrder =
  | { kind: 'progress' | 'collect'; prefix: string }
  | { kind: 'down'; down: boolean }
  | { kind: 'trust'; trusted: Trusted }
  | { kind: 'unverified' };

/** What a consumer checks signatures with; endpoints with `?trusted` do. */
export interface Trusted {
  secrets: string[];
  publicKeys: string[];
}

export interface Unverified {
  kind: 'unverified';
  checked: number;
  bySecret: number;
  byKey: number;
}

export interface Progress {
  kind: 'progress';
  /** Deliveries that were answered with success at least once. */
  delivered: number;
  /** All requests, also refused and repeated ones. */
  requests: number;
  /** Requests being answered right now. */
  open: number;
}

/** One entry for each webhook-id and path. */
export interface Collected {
  kind: 'collected';
  ids: string[];
  /** The first request, whole. */
  firstAt: Float64Array;
  /** The first answer of success; NaN: none. */
  deliveredAt: Float64Array;
  /** Requests that came while an earlier one was under way or after one had been answered with success. */
  duplicates: number;
  requests: number;
}

export type ReceiverAnswer = { kind: 'listening'; port: number } | Progress | Collected | Unverified;
