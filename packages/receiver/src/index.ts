// The package `@posthorn/receiver` for Node: what receivers of webhooks import. `fetch.ts` is the same for other runtimes.
import { receiverWith } from './receiver.ts';
import type { HeadersLike } from './verify/headers.ts';
import { runSync } from './verify/node-crypto.ts';
import { type RawBody, type SecretsGiven, type VerifiedWebhook, type VerifyOptions, verification } from './verify/verification.ts';

export * from './exports.ts';
export { expressReceiver } from './handlers/express.ts';

/**
 * Verifies one request. Returns its id, its time, and whether it is a test. Throws WebhookVerificationError for a request
 * that does not verify, and ParsedBodyError for a body that is not raw.
 * @example const { id, test } = verify(rawBody, request.headers, process.env.WEBHOOK_SECRET!);
 */
export function verify(rawBody: RawBody, headers: HeadersLike, secrets: SecretsGiven, options: VerifyOptions = {}): VerifiedWebhook {
  return runSync(verification(rawBody, headers, secrets, options));
}

/** A receiver with an inbox. See the README. */
export const createReceiver = receiverWith(verify);
