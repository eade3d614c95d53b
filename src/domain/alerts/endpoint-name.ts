// How alerts name an endpoint: by its description, which tells two endpoints of one host apart, and by its host. The
// description is text of a tenant: it goes to chats, mails and incident services, so it is one short line.
import type { Facts } from './alert.ts';

const longest = 80;

export interface NamedEndpoint {
  host: string;
  description: string;
}

/** The facts of which texts make the name. `description` null: there is none. */
export function nameFacts({ host, description }: NamedEndpoint): { host: string; description: string | null } {
  const line = description
    // control characters and such as change the direction of writing
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const letters = [...line];
  const short = letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : line;
  return { host, description: short === '' ? null : short };
}

/** @example 'Orders to the warehouse (hooks.example.com)' */
export function endpointName({ host, description }: Facts): string {
  const known = String(host ?? 'unknown');
  return typeof description === 'string' ? `${description} (${known})` : known;
}
