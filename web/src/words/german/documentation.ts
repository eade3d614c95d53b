// What the help says to the makers of a receiver, in German. English: the documentation of the API.
import type { ConsumerDocumentation } from '@posthorn/client';
import { duration } from '../format.ts';

type Step = ConsumerDocumentation['signature']['stepCodes'][number];
type Answer = ConsumerDocumentation['answers'][number];
type Outage = ConsumerDocumentation['retries']['outages'][number];
type Fact = (name: string) => string;

const publicKey = 'Der Schlüssel ist einer der öffentlichen Schlüssel an der Adresse hier, nie einer aus der Anfrage.';
const keys: Partial<Record<string, string>> = {
  text: 'der ganze Text Ihres Signaturschlüssels',
  hex: 'Ihr Signaturschlüssel, aus Hex dekodiert',
  base64: 'Ihr Signaturschlüssel ohne `whsec_`, aus Base64 dekodiert',
};

const steps: Record<Step['code'], (fact: Fact) => string> = {
  raw_body: () => 'Lesen Sie den Inhalt der Anfrage Byte für Byte, bevor ihn etwas parst.',
  needed_headers: () =>
    'Lehnen Sie ab: eine Anfrage ohne `webhook-id`, `webhook-timestamp` und `webhook-signature`, eine Id mit einem Punkt und einen Zeitstempel, der nicht nur aus Ziffern besteht.',
  recent_timestamp: () => 'Lehnen Sie einen Zeitstempel ab, der von Ihrer Uhr um mehr als 5 Minuten abweicht.',
  hmac: () =>
    'Berechnen Sie HMAC-SHA256 über `{id}.{timestamp}.{body}`. Der Schlüssel ist Ihr Signaturschlüssel ohne `whsec_`, aus Base64 dekodiert.',
  compare_v1: () => 'Vergleichen Sie `v1,` und das Ergebnis in Base64 mit jeder Signatur, in konstanter Zeit.',
  verify_v1a: () => `Prüfen Sie die ed25519-Signatur nach \`v1a,\`, aus Base64 dekodiert, über \`{id}.{timestamp}.{body}\`. ${publicKey}`,
  custom_header: (fact) =>
    `Lehnen Sie eine Anfrage ohne \`${fact('header')}\` ab.${fact('lead') === '' ? '' : ` Der Wert beginnt mit \`${fact('lead')}\`, ausgefüllt, und \`${fact('separator')}\`.`}`,
  custom_timestamp: () => 'Nehmen Sie `{timestamp}` aus `webhook-timestamp`, und lehnen Sie ihn ab, wenn er nicht nur aus Ziffern besteht.',
  custom_hmac: (fact) =>
    `Berechnen Sie HMAC-${fact('hash')} über \`${fact('signed')}\`. Der Schlüssel ist ${keys[fact('secretAs')] ?? 'Ihr Signaturschlüssel'}.`,
  compare_custom: (fact) =>
    `Vergleichen Sie das Ergebnis in ${fact('encoding')}${fact('prefix') === '' ? '' : `, nach \`${fact('prefix')}\`,`} mit ${
      fact('separator') === ''
        ? `\`${fact('header')}\``
        : `jeder Signatur in \`${fact('header')}\`, die durch \`${fact('separator')}\` getrennt sind`
    }, in konstanter Zeit.`,
  unsigned_id: () => 'Die Id ist nicht signiert: Wer eine Anfrage gesehen hat, kann sie mit einer anderen Id noch einmal senden.',
  content_digest: () => 'Vergleichen Sie `content-digest` mit dem SHA-256 des Inhalts.',
  message_signature: (fact) =>
    `Prüfen Sie die HTTP Message Signature (RFC 9421, \`${fact('algorithm')}\`) mit einer Bibliothek. ${
      fact('algorithm') === 'ed25519' ? publicKey : 'Der Schlüssel sind die Bytes Ihres Signaturschlüssels.'
    }`,
  covered_components: () =>
    'Lehnen Sie eine Signatur ab, die `@method`, `@target-uri` und `content-digest` nicht einschließt. `@target-uri` ist Ihre eigene öffentliche URL, aus Ihrer Konfiguration.',
  recent_created: () => 'Lehnen Sie ein `created` ab, das von Ihrer Uhr um mehr als 5 Minuten abweicht.',
  once: () => 'Verwerfen Sie eine `webhook-id`, die Sie schon verarbeitet haben. Antworten Sie mit 2xx, und arbeiten Sie dann.',
};

/** Null: this page does not know the code. */
export function stepInGerman(step: Step | undefined): string | null {
  if (!step || !Object.hasOwn(steps, step.code)) return null;
  return steps[step.code]((name) => step.facts[name] ?? '');
}

interface AnswerText {
  status: string;
  delivery: string;
  endpoint: string;
}

const answers: Record<Answer['code'], AnswerText> = {
  accepted: { status: '200 bis 299', delivery: 'ist erledigt', endpoint: 'gilt als gesund' },
  gone: { status: '410', delivery: 'ist unzustellbar', endpoint: 'wird angehalten, bis ihn jemand fortsetzt' },
  wait: {
    status: '429 oder 503 mit Retry-After',
    delivery: 'wird wiederholt, nicht vor der Zeit, um die Sie bitten',
    endpoint: 'bekommt so lange nichts, höchstens 24 h',
  },
  redirect: { status: '3xx', delivery: 'wird wiederholt; Umleitungen wird nicht gefolgt', endpoint: 'gilt als gestört' },
  refused: { status: 'andere 4xx', delivery: 'wird wiederholt', endpoint: 'lebt: Andere Zustellungen gehen weiter' },
  failing: {
    status: '5xx, keine Antwort rechtzeitig, eine abgebrochene Verbindung',
    delivery: 'wird wiederholt',
    endpoint: 'gilt als gestört: Sind es zu viele, bekommt er nur einzelne Anfragen, bis er wieder gesund ist',
  },
};

/** Null: this page does not know the code. */
export const answerInGerman = ({ code }: Answer): AnswerText | null => (Object.hasOwn(answers, code) ? answers[code] : null);

const headers: Partial<Record<string, string>> = {
  'webhook-id': 'Id des Ereignisses: bei jeder Wiederholung dieselbe. Verwerfen Sie, was Sie schon haben.',
  'webhook-timestamp': 'Zeit dieses Versuchs, in Sekunden seit 1970',
  'webhook-signature': 'eine oder mehrere Signaturen, durch Leerzeichen getrennt; eine gültige genügt',
  'posthorn-delivery': 'Id der Zustellung, die Sie nennen, wenn Sie um Hilfe bitten',
  'posthorn-attempt': 'Nummer des Versuchs, ab 1',
  'posthorn-test': '`true`: ein Test, den jemand von Hand gesendet hat. Es ist nichts geschehen.',
};

/** Null: this page does not know the header. */
export const headerInGerman = (name: string): string | null => headers[name] ?? null;

/** `attempts`: how many there are at most. */
export function outageInGerman({ downForMs, outcome, earliest, latest }: Outage, attempts: number): string {
  const down = `Ausfall von ${duration(downForMs, 'de')} ab dem Ereignis:`;
  const all = `alle ${attempts} Versuche schlagen fehl`;
  if (outcome === 'dead_letter' || !earliest || !latest)
    return `${down} ${all}, und die Zustellung wird unzustellbar. Senden Sie sie erneut, oder holen Sie sie als verpasstes Ereignis ab.`;
  const when = earliest.afterMs === latest.afterMs ? earliest.after : `zwischen ${earliest.after} und ${latest.after}`;
  const by = earliest.attempt === latest.attempt ? earliest.attempt : `${earliest.attempt} oder ${latest.attempt}`;
  const delivered = `zugestellt ${when} nach dem Ereignis, mit Versuch ${by}`;
  return outcome === 'delivered'
    ? `${down} ${delivered}.`
    : `${down} ${delivered}; oder ${all}, je nach dem Zufallsanteil der Wartezeiten.`;
}
