// Verifies Standard Webhooks signatures, v1 (HMAC-SHA256) and v1a (ed25519): signed with the secret or key, unchanged,
// and recent. It shares no code with the signer of Posthorn on purpose, so that each checks the other.
import { WebhookVerificationError } from './errors.ts';
import { type Clock, checkAge, type HeadersLike, headerOf, idOf, mostSignatures, timestampOf } from './headers.ts';
import { keysOf, type Secret } from './keys.ts';
import { type Check, hmac, isBy, isSame, toBase64, utf8 } from './steps.ts';

/** Throws WebhookVerificationError. Returns true: the id is signed. */
export function* standard(body: Uint8Array, headers: HeadersLike, secrets: readonly Secret[], clock: Clock): Check<boolean> {
  const [id, sentAt, signatures] = [idOf(headers), timestampOf(headers), headerOf(headers, 'webhook-signature')];
  checkAge(Number(sentAt), clock);
  const keys = keysOf(secrets);
  const offered = signatures.split(' ', mostSignatures);
  const head = utf8(`${id}.${sentAt}.`);
  for (const key of keys.hmac) {
    const right = `v1,${toBase64(yield* hmac('sha256', key, head, body))}`;
    if (offered.some((signature) => isSame(signature, right))) return true;
  }
  for (const signature of offered.filter((one) => one.startsWith('v1a,')))
    for (const key of keys.ed25519) if (yield* isBy(key, signature.slice(4), head, body)) return true;
  throw new WebhookVerificationError('no_match', 'no signature in webhook-signature matches');
}
