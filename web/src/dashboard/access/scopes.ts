// What each scope allows, in words.
import type { Scope } from '@posthorn/client';

export const scopeWords: readonly (readonly [scope: Scope, words: string])[] = [
  ['events:write', 'post events'],
  ['endpoints:read', 'see endpoints, alerts and the catalogue'],
  ['endpoints:write', 'make, change, pause and delete endpoints'],
  ['deliveries:read', 'see events and deliveries'],
  ['deliveries:act', 'replay, cancel and retry deliveries'],
  ['admin', 'everything, also tenants, keys, links and the audit log'],
];

export const scopesText = (scopes: readonly string[]): string => scopes.join(', ');
