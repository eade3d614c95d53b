// Reads the headers of a request that signatures depend on.
import { WebhookVerificationError } from './errors.ts';

/** Five live secrets and five keys sign at most. More signatures only cost time. */
export const mostSignatures = 20;

/** A Fetch API `Headers`, or a plain object such as Node's `request.headers`; names in any case. */
export type HeadersLike = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** `name` in lower case. Undefined: absent. An array: present more than once. */
export function findHeader(headers: HeadersLike, name: string): string | readonly string[] | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const plain = headers as Readonly<Record<string, string | readonly string[] | undefined>>;
  return plain[name] ?? Object.entries(plain).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Like `findHeader`, but throws WebhookVerificationError unless the header is there once. */
export function headerOf(headers: HeadersLike, name: string): string {
  const value = findHeader(headers, name);
  if (value === undefined || value === '') throw new WebhookVerificationError('missing_header', `${name} is missing`);
  if (typeof value !== 'string') throw new WebhookVerificationError('malformed_header', `${name} is present more than once`);
  return value;
}

/** `webhook-id`. Refuses a dot: dots separate the signed parts, so one signature would be valid for two messages. */
export function idOf(headers: HeadersLike): string {
  const id = headerOf(headers, 'webhook-id');
  if (id.includes('.')) throw new WebhookVerificationError('malformed_header', 'webhook-id contains a dot');
  return id;
}

/** `webhook-timestamp`, in seconds. Digits only, for the same reason as in `idOf`. */
export function timestampOf(headers: HeadersLike): string {
  const sentAt = headerOf(headers, 'webhook-timestamp');
  if (!/^[1-9]\d{0,11}$/.test(sentAt))
    throw new WebhookVerificationError('malformed_header', 'webhook-timestamp is not a Unix time in seconds');
  return sentAt;
}

/** The times to compare, `tolerance` in seconds and `now` in milliseconds. */
export interface Clock {
  tolerance: number;
  now: number;
}

/**
 * `sentAt`: seconds since 1970. Comparisons with NaN are false, so the conditions test what is allowed, not what is
 * refused.
 */
export function checkAge(sentAt: number, { tolerance, now }: Clock): void {
  const age = Math.floor(now / 1_000) - sentAt;
  if (!Number.isFinite(age)) throw new WebhookVerificationError('malformed_header', 'the time of the signature is not a number');
  if (!(age <= tolerance)) throw new WebhookVerificationError('timestamp_too_old', `the signature is ${age} seconds old`);
  if (!(-age <= tolerance)) throw new WebhookVerificationError('timestamp_too_new', `the signature is dated ${-age} seconds in the future`);
}
