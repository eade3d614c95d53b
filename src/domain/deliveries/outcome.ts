// Outcome of an attempt: the closed list of outcomes, and how an HTTP status, a Retry-After header
// or an error code maps to one. Called after every request to an endpoint.
import { z } from 'zod';

/** Outcomes of failed attempts. Each of them uses up an attempt of the retry schedule. */
export const refusals = [
  'http_status',
  'redirect',
  'gone',
  'timeout',
  'dns',
  'address_blocked',
  'connect',
  'tls',
  'reset',
  'protocol',
  // the response headers exceeded their limit before the status was complete; a large body is no failure
  'response_too_large',
  // the OAuth 2.0 server issued no access token, so nothing was sent
  'auth_failed',
] as const;
export type Refusal = (typeof refusals)[number];

export const outcomes = ['accepted', ...refusals] as const;
export const outcome = z.enum(outcomes).describe('outcome of the attempt');
export type Outcome = z.infer<typeof outcome>;

/** Failures before anything of the event was sent. A timeout may be one, too: if no connection was made. */
export const notSent: readonly Refusal[] = ['dns', 'address_blocked', 'connect', 'tls', 'auth_failed'];

/** Fractional milliseconds. Null: the step was skipped (the connection was open already) or not reached. */
export interface Timings {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** From the start of the attempt to the response's status line and headers. */
  firstByteMs: number | null;
  totalMs: number;
}

/** The stored part of the endpoint's response. Its bytes may be any bytes, NUL included. */
export interface EndpointResponse {
  statusCode: number;
  /** In the order and case received. Each character of a value is one byte (latin1). */
  headers: [string, string][];
  bodyStart: Uint8Array;
  /** The body was longer than `bodyStart`, or it ended early. */
  bodyTruncated: boolean;
}

export interface SendResult {
  outcome: Outcome;
  /** Message for operators. It may name the host, but never path, query or credentials. */
  message: string;
  /**
   * Set once the status line is complete. The status then decides the outcome, even if the rest of the response fails.
   */
  response: EndpointResponse | null;
  timings: Timings;
  /** IP address of the endpoint; null: no connection was made. */
  address: string | null;
  retryAfterMs: number | null;
  /** True: the request was sent twice, because a reused connection closed before the first byte of the response. */
  reconnected?: boolean;
}

export function outcomeOfStatus(statusCode: number): Outcome {
  if (statusCode >= 200 && statusCode < 300) return 'accepted';
  if (statusCode >= 300 && statusCode < 400) return 'redirect';
  return statusCode === 410 ? 'gone' : 'http_status';
}

/**
 * What an attempt says about the endpoint's health. accepted: a 2xx. answered: a healthy server refused this one event
 * (a 4xx other than 408, 410, 425 and 429). failed: anything else.
 */
export type Sign = 'accepted' | 'answered' | 'failed';

const failedStatuses = [408, 410, 425, 429];

export function signOf({ outcome, response }: Pick<SendResult, 'outcome' | 'response'>): Sign {
  if (outcome === 'accepted') return 'accepted';
  const status = response?.statusCode ?? 0;
  return outcome === 'http_status' && status >= 400 && status < 500 && !failedStatuses.includes(status) ? 'answered' : 'failed';
}

export function isSignOfLife(sign: Sign): boolean {
  return sign !== 'failed';
}

const longestRetryAfterMs = 86_400_000;

/**
 * Retry-After of a 429 or 503 (RFC 9110, 10.2.3) in milliseconds from `nowMs`, limited to 0 … 24 h; null: absent, not
 * readable, or another status.
 */
export function retryAfterMs(statusCode: number, headerValue: string | null | undefined, nowMs: number): number | null {
  if ((statusCode !== 429 && statusCode !== 503) || headerValue == null) return null;
  const value = headerValue.trim();
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : httpDateMs(value, nowMs) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestRetryAfterMs);
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const time = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const httpDates = [
  new RegExp(`^[a-z]{3}, (?<day>\\d{2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} GMT$`, 'i'), // IMF-fixdate
  new RegExp(`^[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${time} GMT$`, 'i'), // RFC 850
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`, 'i'), // asctime
];

/** Epoch milliseconds of an HTTP-date in any of its three forms (RFC 9110, 5.6.7); NaN for anything else. */
function httpDateMs(value: string, nowMs: number): number {
  for (const form of httpDates) {
    const part = form.exec(value)?.groups;
    if (!part) continue;
    const month = months.indexOf(part.month?.toLowerCase() ?? '');
    const [day, hour, minute, second] = [Number(part.day), Number(part.hour), Number(part.minute), Number(part.second)];
    if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
    return Date.UTC(fullYear(part.year ?? '', nowMs), month, day, hour, minute, second);
  }
  return Number.NaN;
}

/** Expands a two-digit year. One that would be more than 50 years in the future is in the past (RFC 9110). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

const refusalOfCode: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  ...codes('timeout', 'POSTHORN_DEADLINE ETIMEDOUT ERR_SOCKET_CONNECTION_TIMEOUT'),
  ...codes('dns', 'ENOTFOUND ENODATA ENONAME EBADNAME ESERVFAIL EFORMERR ENOTIMP EREFUSED EBADRESP ETIMEOUT'),
  ...codes('dns', 'EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME EAI_ADDRFAMILY'),
  ...codes('address_blocked', 'POSTHORN_ADDRESS_BLOCKED'),
  ...codes('connect', 'ECONNREFUSED EHOSTUNREACH ENETUNREACH EHOSTDOWN'),
  ...codes('reset', 'ECONNRESET EPIPE ECONNABORTED'),
  ...codes('tls', 'EPROTO DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN HOSTNAME_MISMATCH INVALID_CA INVALID_PURPOSE'),
  // Node reports UNSPECIFIED for verification failures that have no code of their own (a key too small, a digest too
  // weak).
  ...codes('tls', 'PATH_LENGTH_EXCEEDED UNSPECIFIED'),
  ...codes('protocol', 'POSTHORN_UPGRADE'),
  ...codes('response_too_large', 'POSTHORN_TOO_LARGE'),
]);
const refusalOfFamily: [RegExp, Refusal][] = [
  [/^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|ERR_TLS_|ERR_SSL_)/, 'tls'],
  [/^HPE_/, 'protocol'],
];
// Codes of the same families that are caused by this process: its memory, its TLS settings, its use of the parser.
const internalError =
  /^(ERR_SSL_MALLOC_FAILURE|ERR_TLS_(INVALID|PSK|REQUIRED|PROTOCOL_VERSION|SNI)_?.*|HPE_(INTERNAL|PAUSED.*|USER|CB_.*))$/;

function codes(refusal: Refusal, names: string): [string, Refusal][] {
  return names.split(' ').map((name) => [name, refusal]);
}

/**
 * The refusal for an error code of Node, OpenSSL or Posthorn. Null: the endpoint did not cause it, as far as known.
 * It is then an internal error, which uses up no attempt.
 */
export function refusalOfErrorCode(code: string): Refusal | null {
  const known = refusalOfCode.get(code);
  if (known) return known;
  if (internalError.test(code)) return null;
  return refusalOfFamily.find(([family]) => family.test(code))?.[1] ?? null;
}
