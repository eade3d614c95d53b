// Runs a check with WebCrypto, which every current runtime has: Node, Deno, Bun, workers, browsers.
import type { Check, Step } from './steps.ts';

export async function runAsync<T>(check: Check<T>): Promise<T> {
  let next = check.next();
  while (!next.done) next = check.next(await perform(next.value));
  return next.value;
}

const hashes = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' };

async function perform(step: Step): Promise<Uint8Array | boolean> {
  const { subtle } = globalThis.crypto;
  if (step.kind === 'sha256') return new Uint8Array(await subtle.digest('SHA-256', own(step.content)));
  const content = joined(step.content);
  if (step.kind === 'ed25519') {
    const key = await subtle.importKey('raw', own(step.key), 'Ed25519', false, ['verify']);
    return subtle.verify('Ed25519', key, own(step.signature), content);
  }
  const key = await subtle.importKey('raw', own(step.key), { name: 'HMAC', hash: hashes[step.hash] }, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', key, content));
}

/** WebCrypto does not take shared memory, so its types ask for bytes that are not shared. */
const own = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
