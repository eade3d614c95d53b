// The cryptography that a check needs, as steps which it yields. Node performs them at once (node-crypto.ts), WebCrypto
// asynchronously (web-crypto.ts), so both entries of this package run the same checks.

export type HashName = 'sha1' | 'sha256' | 'sha512';

export type Step =
  | { kind: 'hmac'; hash: HashName; key: Uint8Array; content: readonly Uint8Array[] }
  | { kind: 'sha256'; content: Uint8Array }
  | { kind: 'ed25519'; key: Uint8Array; content: readonly Uint8Array[]; signature: Uint8Array };

/** A generator that yields steps, is given their results, and returns what it has found. */
export type Check<T> = Generator<Step, T, Uint8Array | boolean>;

export function* hmac(hash: HashName, key: Uint8Array, ...content: Uint8Array[]): Check<Uint8Array> {
  return (yield { kind: 'hmac', hash, key, content }) as Uint8Array;
}

export function* sha256(content: Uint8Array): Check<Uint8Array> {
  return (yield { kind: 'sha256', content }) as Uint8Array;
}

/** Accepts only canonical base64: another spelling of the same signature would defeat duplicate detection by signature. */
export function* isBy(key: Uint8Array, base64: string, ...content: Uint8Array[]): Check<boolean> {
  const signature = fromBase64(base64);
  if (signature?.length !== 64) return false;
  return (yield { kind: 'ed25519', key, content, signature }) as boolean;
}

/** Takes the same time wherever the texts differ. */
export function isSame(offered: string, right: string): boolean {
  let difference = offered.length ^ right.length;
  for (let n = 0; n < right.length; n++) difference |= offered.charCodeAt(n) ^ right.charCodeAt(n);
  return difference === 0;
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** For keys and signatures: a few bytes. */
export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Null: the text is not canonical base64. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    const decoded = atob(text);
    return btoa(decoded) === text ? Uint8Array.from(decoded, (char) => char.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

/** Null: the text is not hex. */
export function fromHex(text: string): Uint8Array | null {
  if (!/^([0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
