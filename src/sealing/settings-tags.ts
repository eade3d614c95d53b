// Makes the tags of settings, which If-Match is compared with. A tag covers secrets, too, and tells nothing about them:
// it is keyed by the master key (HMAC-SHA-256), and names its resource.
import { createHmac, type KeyObject } from 'node:crypto';
import type { Vault } from './vault.ts';

export type SettingsTags = readonly [string, ...string[]];

const keys = new WeakMap<object, readonly [KeyObject, ...KeyObject[]]>();

/**
 * The first is the tag. The others are what processes with another order of master keys say, during a key rotation.
 * `resource`: no other has the same, not even a later one with the same id.
 */
export function settingsTags(vault: Pick<Vault, 'derive'>, resource: string, settings: object): SettingsTags {
  const [first, ...others] = keysOf(vault);
  const text = `${resource}\n${JSON.stringify(settings, inOrder)}`;
  return [tagOf(first, text), ...others.map((key) => tagOf(key, text))];
}

function keysOf(vault: Pick<Vault, 'derive'>): readonly [KeyObject, ...KeyObject[]] {
  const known = keys.get(vault) ?? vault.derive('settings tags');
  keys.set(vault, known);
  return known;
}

function tagOf(key: KeyObject, text: string): string {
  return `"${createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)}"`;
}

/** PostgreSQL and clients write the members of an object in orders of their own. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
