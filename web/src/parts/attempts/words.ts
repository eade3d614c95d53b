// Words about attempts, in the language of the page.
import { useWords } from '../../words/words.tsx';

export const en = {
  attempt: (number: number) => `Attempt ${number}`,
  round: (round: number) => `Round ${round}`,
  firstRound: 'First round',
  probe: 'probe',
  reconnected: 'sent twice: a reused connection had closed',
  noAnswer: 'no answer',
  none: 'No attempt was made yet.',
  timing: { dns: 'DNS', connect: 'Connect', tls: 'TLS', wait: 'First byte', body: 'Rest' },
  total: 'Total',
  reused: 'The connection was open already.',
  request: 'Request',
  response: 'Response',
  headers: (count: number) => `Headers (${count})`,
  body: 'Body',
  bytes: (bytes: string) => `${bytes} bytes`,
  asCurl: 'as curl',
  requestGone: 'The request was not stored, or the event was erased.',
  noResponse: 'There was no response.',
  emptyBody: 'The body is empty.',
  cut: 'Only the start of the body is kept.',
  bodyCut: 'Only the start of the body is shown.',
  bodyErased: 'The content of the event was erased.',
  bodyUnknown: 'The bytes cannot be made again. Their SHA-256:',
  to: 'to',
  signature: {
    valid: 'Signature valid',
    rotated: 'Signed with an earlier secret',
    no_match: 'Signature wrong',
    not_checked: 'Signature not checked',
  },
};

type AttemptWords = typeof en;

export const de: AttemptWords = {
  attempt: (number) => `Versuch ${number}`,
  round: (round) => `Runde ${round}`,
  firstRound: 'Erste Runde',
  probe: 'Probe',
  reconnected: 'zweimal gesendet: eine offene Verbindung war geschlossen worden',
  noAnswer: 'keine Antwort',
  none: 'Es gab noch keinen Versuch.',
  timing: { dns: 'DNS', connect: 'Verbindung', tls: 'TLS', wait: 'Erstes Byte', body: 'Rest' },
  total: 'Gesamt',
  reused: 'Die Verbindung war schon offen.',
  request: 'Anfrage',
  response: 'Antwort',
  headers: (count) => `Header (${count})`,
  body: 'Inhalt',
  bytes: (bytes) => `${bytes} Byte`,
  asCurl: 'als curl',
  requestGone: 'Die Anfrage wurde nicht gespeichert, oder das Ereignis wurde gelöscht.',
  noResponse: 'Es kam keine Antwort.',
  emptyBody: 'Der Inhalt ist leer.',
  cut: 'Nur der Anfang des Inhalts wird aufbewahrt.',
  bodyCut: 'Nur der Anfang des Inhalts wird gezeigt.',
  bodyErased: 'Der Inhalt des Ereignisses wurde gelöscht.',
  bodyUnknown: 'Die Bytes lassen sich nicht mehr herstellen. Ihr SHA-256:',
  to: 'an',
  signature: {
    valid: 'Signatur gültig',
    rotated: 'Mit einem früheren Secret signiert',
    no_match: 'Signatur falsch',
    not_checked: 'Signatur nicht geprüft',
  },
};

export function useAttemptWords(): AttemptWords {
  return useWords().locale === 'de' ? de : en;
}
