// The settings of the configuration that sessions depend on: the bootstrap key, or the OpenID Connect provider and its
// roles. A session is stored with a keyed hash of them, and ends when they change.
import { createHmac } from 'node:crypto';
import type { Vault } from '#sealing/vault';

export interface SessionSettings {
  /** To store with a session of a person, or of the bootstrap key. Under the first master key. */
  hashFor(isPerson: boolean): Uint8Array;
  /** Whether a stored hash is that of the present settings, under any master key. */
  isCurrent(stored: Buffer, isPerson: boolean): boolean;
}

/** `oidc`: the settings of the provider as a text; null: none is configured. */
export function createSessionSettings(vault: Pick<Vault, 'derive'>, apiKey: string, oidc: string | null): SessionSettings {
  const hashes = (text: string) => vault.derive('sessions').map((key) => createHmac('sha256', key).update(text).digest());
  const [ofKey, ofPeople] = [hashes(`bootstrap ${apiKey}`), oidc === null ? [] : hashes(`oidc ${oidc}`)];
  return {
    hashFor(isPerson) {
      const [hash] = isPerson ? ofPeople : ofKey;
      if (!hash) throw new Error('no OpenID Connect provider is configured');
      return hash;
    },
    isCurrent: (stored, isPerson) => (isPerson ? ofPeople : ofKey).some((hash) => hash.equals(stored)),
  };
}
