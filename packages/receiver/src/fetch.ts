// The entry `@posthorn/receiver/fetch`: only WebCrypto and fetch, nothing of Node. Its `verify` is asynchronous.
import { receiverWith } from './receiver.ts';
import type { HeadersLike } from './verify/headers.ts';
import { type RawBody, type SecretsGiven, type VerifiedWebhook, type VerifyOptions, verification } from './verify/verification.ts';
import { runAsync } from './verify/web-crypto.ts';

export * from './exports.ts';

/** As `verify` of `@posthorn/receiver`, but asynchronous, because WebCrypto is. */
export async function verify(
  rawBody: RawBody,
  headers: HeadersLike,
  secrets: SecretsGiven,
  options: VerifyOptions = {},
): Promise<VerifiedWebhook> {
  return runAsync(verification(rawBody, headers, secrets, options));
}

/** A receiver with an inbox. See the README. */
export const createReceiver = receiverWith(verify);
