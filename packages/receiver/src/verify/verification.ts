// One verification, for every scheme. The entries run it with the cryptography of Node or of WebCrypto.
import { rawBytes } from './errors.ts';
import { findHeader, type HeadersLike, idOf, timestampOf } from './headers.ts';
import type { Secret } from './keys.ts';
import type { Scheme } from './scheme.ts';
import { standard } from './standard.ts';
import type { Check } from './steps.ts';

/** A body as it was received. Anything that was parsed and serialized again does not match. */
export type RawBody = Uint8Array | ArrayBuffer | string;

export interface VerifyOptions {
  /** How many seconds the time of the signature may differ from `now`, either way. Default: 300. */
  tolerance?: number | undefined;
  /** Default: the current time. A number is Unix time in milliseconds. */
  now?: number | Date | undefined;
  /**
   * As the endpoint is configured; never take it from the request. Default: Standard Webhooks, v1 and v1a by the kind of
   * the secrets. Others: `customScheme` and `rfc9421` of `@posthorn/receiver/schemes`.
   */
  scheme?: Scheme | undefined;
}

export interface VerifiedWebhook {
  /** The id of the event, or of the batch (`bat_…`): the same on every retry and replay. Drop what you have seen. */
  id: string;
  /** When this attempt was made. */
  timestamp: Date;
  /** True for a test event, whose type and data a person chose. Nothing has happened. */
  test: boolean;
  /** False: the scheme does not sign the id, so `id` and `test` are claims that anyone could have written. */
  idIsSigned: boolean;
}

export type SecretsGiven = Secret | readonly Secret[];

/** Throws WebhookVerificationError for a request that does not verify, and ParsedBodyError for a body that is not raw. */
export function* verification(
  rawBody: RawBody,
  headers: HeadersLike,
  secrets: SecretsGiven,
  { tolerance = 300, now = Date.now(), scheme = standard }: VerifyOptions = {},
): Check<VerifiedWebhook> {
  const list = Array.isArray(secrets) ? (secrets as readonly Secret[]) : [secrets as Secret];
  const idIsSigned = yield* scheme(rawBytes(rawBody), headers, list, { tolerance, now: Number(now) });
  // a scheme may sign neither, and its sender may be another
  const id = idIsSigned || findHeader(headers, 'webhook-id') ? idOf(headers) : '';
  const sentAt = findHeader(headers, 'webhook-timestamp') ? Number(timestampOf(headers)) * 1_000 : Number(now);
  return { id, timestamp: new Date(sentAt), test: id.startsWith('test_'), idIsSigned };
}
