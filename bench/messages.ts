// The messages between the bench and its two child processes. All times are milliseconds of the
// machine's monotonic clock, which all processes share: `now()`.

export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Events with the ids `<prefix>-<n>`, n from 0. */
export interface Stream {
  tenant: string;
  /** Event n is of the tenant `<tenant>-<n modulo tenants>`. Absent: all are of `tenant`. */
  tenants?: number;
  /** The tenants' events have so many types, in turn. Absent: all have the same. */
  types?: number;
  prefix: string;
  count: number;
  /**
   * Open loop: event n is due n / rate after the start, independent of earlier events. Without a rate, `atOnce`
   * requests are kept in flight.
   */
  ratePerSecond?: number;
  atOnce?: number;
  startAfterMs?: number;
  /** Event n has the ordering key `key-<n modulo keys>`. */
  keys?: number;
  /** Retries events that were not accepted with the same id, for a minute, like a careful producer. */
  insist?: boolean;
}

export const tenantOf = ({ tenant, tenants }: Stream, n: number) => (tenants === undefined ? tenant : `${tenant}-${n % tenants}`);

export const measuredType = 'bench.measured';
export const typeOf = ({ tenants = 1, types }: Stream, n: number) =>
  types === undefined ? measuredType : typeNamed(Math.floor(n / tenants) % types);

export const typeNamed = (number: number) => `bench.type${number}`;

export interface LoadOrder {
  origin: string;
  apiKey?: string;
  /** Of another server. Default: an event as Posthorn takes it. */
  form?: RequestForm;
  streams: Stream[];
  /** Sends `reached` when this number of events is accepted. */
  tellAt?: number;
}

/** In path and body, {tenant}, {id}, {type} and {data} stand for those of the event. */
export interface RequestForm {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** The results of a stream; arrays are indexed by n. */
export interface StreamResult {
  /** When the event was due, or with `atOnce` when it was sent. */
  due: Float64Array;
  sent: Float64Array;
  answered: Float64Array;
  /** The last status. 0: no response. */
  status: Uint16Array;
}

export type LoadAnswer = { kind: 'reached' } | { kind: 'done'; results: StreamResult[] };

/** `down`: whether endpoints with `?mayFail` refuse every request from now on. */
export type ReceiverOrder =
  | { kind: 'progress' | 'collect'; prefix: string }
  | { kind: 'down'; down: boolean }
  | { kind: 'trust'; trusted: Trusted }
  | { kind: 'unverified' };

/** The secrets and keys with which endpoints with `?trusted` verify signatures. */
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
  /** Deliveries that were accepted at least once. */
  delivered: number;
  /** All requests, including refused and repeated ones. */
  requests: number;
  /** Requests in flight now. */
  open: number;
}

/** Arrays with one entry for each webhook-id and path. */
export interface Collected {
  kind: 'collected';
  ids: string[];
  /** When the first request had arrived completely. */
  firstAt: Float64Array;
  /** When a request was first accepted. NaN: never. */
  deliveredAt: Float64Array;
  /** Requests that arrived while an earlier one was in flight, or after one had been accepted. */
  duplicates: number;
  requests: number;
}

export type ReceiverAnswer = { kind: 'listening'; port: number } | Progress | Collected | Unverified;
