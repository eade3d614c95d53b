// The entry `@posthorn/receiver/remote`: what a receiver reads from Posthorn, at the first request and again after 5 minutes.
// While it cannot be read, the last answer counts.
import type { JwkSet } from './verify/keys.ts';

const freshMs = 300_000;
const restMs = 10_000;

/** `read` takes the JSON, and throws for what it cannot use. */
function remembered<T>(url: string, read: (json: unknown) => T): () => Promise<T> {
  let last: { value: T; until: number } | undefined;
  let reading: Promise<T> | undefined;
  const ask = async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return read(await response.json());
  };
  return async () => {
    if (last && Date.now() < last.until) return last.value;
    reading ??= ask().finally(() => {
      reading = undefined;
    });
    try {
      last = { value: await reading, until: Date.now() + freshMs };
    } catch (error) {
      if (!last) throw error;
      last.until = Date.now() + restMs;
    }
    return last.value;
  };
}

/**
 * The public keys of your tenant, as `secrets` of a receiver.
 * @example createReceiver({ secrets: remoteJwks('https://posthorn.example.com/.well-known/tenants/acme/jwks.json'), … })
 */
export function remoteJwks(url: string): () => Promise<JwkSet> {
  return remembered(url, (json) => {
    const set = json as JwkSet | null;
    if (!Array.isArray(set?.keys)) throw new Error(`${url} is no JWK set`);
    return set;
  });
}

/**
 * The addresses that the requests of Posthorn come from, as `allowFrom` of a receiver.
 * @example createReceiver({ allowFrom: remoteAddresses('https://posthorn.example.com/v1/meta'), … })
 */
export function remoteAddresses(url: string): () => Promise<string[]> {
  return remembered(url, (json) => {
    const { egressIps } = json as { egressIps?: string[] };
    if (!Array.isArray(egressIps)) throw new Error(`the answer of ${url} has no egressIps; it must be /v1/meta of Posthorn`);
    if (egressIps.length === 0) throw new Error(`${url} lists no address. The operator of Posthorn sets them with POSTHORN_EGRESS_IPS`);
    return egressIps;
  });
}
