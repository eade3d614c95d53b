// Runs a check with the cryptography of Node, at once.
import { createHash, createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Check, Step } from './steps.ts';

export function runSync<T>(check: Check<T>): T {
  let next = check.next();
  while (!next.done) next = check.next(perform(next.value));
  return next.value;
}

function perform(step: Step): Uint8Array | boolean {
  if (step.kind === 'sha256') return createHash('sha256').update(step.content).digest();
  if (step.kind === 'ed25519') return verify(null, Buffer.concat(step.content), publicKey(step.key), step.signature);
  const hmac = createHmac(step.hash, step.key);
  for (const part of step.content) hmac.update(part);
  return hmac.digest();
}

const mostKeys = 100;
const publicKeys = new Map<string, KeyObject>();

/** Reading a key costs as much as a verification. */
function publicKey(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes).toString('base64url');
  const known = publicKeys.get(x);
  if (known) return known;
  const made = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  if (publicKeys.size >= mostKeys) publicKeys.clear();
  publicKeys.set(x, made);
  return made;
}
