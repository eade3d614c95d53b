// What a receiver would say of the signature of an attempt, in German. English: the message of the API.
import type { AttemptDetails } from '@posthorn/client';

type Signature = AttemptDetails['signature'];

const unchecked: Record<NonNullable<Signature['why']>, string> = {
  no_body: 'Die Signatur lässt sich nicht prüfen, weil der Inhalt der Anfrage nicht mehr bekannt ist.',
  no_request: 'Die Signatur lässt sich nicht prüfen, weil die Anfrage nicht gespeichert wurde.',
  other_settings: 'Die Signatur lässt sich nicht prüfen, weil damals anders signiert wurde.',
};

const messages: Record<Signature['verdict'], (of: Signature) => string | null> = {
  valid: () => 'Die Signatur ist mit dem jetzigen Schlüssel gültig.',
  rotated: ({ endsAt }) =>
    `Die Signatur ist mit einem Schlüssel gültig, der seither gewechselt wurde${endsAt === null ? '' : `; er gilt bis ${endsAt}`}.`,
  no_match: () => 'Kein Schlüssel, den der Endpunkt hat oder hatte, ergibt diese Signatur.',
  not_checked: ({ why }) => (why !== null && Object.hasOwn(unchecked, why) ? unchecked[why] : null),
};

/** Null: this page does not know the verdict. */
export function signatureInGerman(of: Signature): string | null {
  return Object.hasOwn(messages, of.verdict) ? messages[of.verdict](of) : null;
}
