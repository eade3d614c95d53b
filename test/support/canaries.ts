// Canaries: marked secrets, and a search for them in every encoding in which they could leak.
import { randomBytes } from 'node:crypto';

/** One canary for each place, by the place's name. */
export type Canaries<Place extends string> = Record<Place, string>;

export function makeCanaries<Place extends string>(places: readonly Place[]): Canaries<Place> {
  return Object.fromEntries(places.map((place) => [place, `CaNaRy${randomBytes(12).toString('hex')}`])) as Canaries<Place>;
}

/** The places whose canary occurs in `haystack`: in plain text, in hex, in base64 at any offset, or URL-encoded. */
export function sighted(canaries: Record<string, string>, haystack: string | Buffer): string[] {
  const bytes = typeof haystack === 'string' ? Buffer.from(haystack) : haystack;
  return Object.entries(canaries)
    .filter(([, canary]) => guises(canary).some((guise) => bytes.includes(guise)))
    .map(([place]) => place);
}

function guises(canary: string): string[] {
  const hex = Buffer.from(canary).toString('hex');
  const percent = hex.replace(/../g, '%$&');
  return [canary, canary.toLowerCase(), hex, hex.toUpperCase(), percent, percent.toUpperCase(), ...inBase64(canary)];
}

/** The middle of its base64 for each of the three offsets. The ends also encode the neighbouring bytes. */
function inBase64(canary: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${'x'.repeat(before)}${canary}`).toString('base64url');
    return encoded.slice(before === 0 ? 0 : 4, -4);
  });
}
