// Title and detail of an alert, in German. English: those of the API.
import type { Alert } from '@posthorn/client';
import { endingInGerman } from './outcomes.ts';

/** Alerts that only operators get. The dashboard is in English. */
type OfOperators =
  | 'deliveries.quarantined'
  | 'deliveries.overdue'
  | 'backlog.old'
  | 'ingest.abnormal'
  | 'workers.missing'
  | 'temporal.unreachable'
  | 'postgres.unreachable';

export interface AlertText {
  title: string;
  detail: string;
}

type Fact = (name: string) => string | number;

const texts: Record<Exclude<Alert['kind'], OfOperators>, (fact: Fact, alert: Alert) => AlertText> = {
  'endpoint.failing': (fact, { count }) => ({
    title: `${fact('endpoint')} nimmt nichts an`,
    detail: `Der Endpunkt hat seit ${fact('since')} in ${count} Versuchen nichts angenommen. Seine Zustellungen warten und werden wiederholt. Prüfen Sie Ihren Server; die Versuche einer Zustellung zeigen seine Antworten.`,
  }),
  'endpoint.disabling': (fact) => ({
    title: `${fact('endpoint')} wird bald abgeschaltet`,
    detail: `Der Endpunkt hat seit ${fact('since')} nichts angenommen. Nach dem ${fact('disabledAt')} wird er abgeschaltet: ${fact('percent')} % der Zeit sind um. Reparieren Sie Ihren Server vorher.`,
  }),
  'endpoint.disabled': (fact) => ({
    title: `${fact('endpoint')} ist abgeschaltet`,
    detail:
      'An den Endpunkt wird nichts gesendet, weil er zu lange gestört war oder mit 410 geantwortet hat. Seine Zustellungen warten. Reparieren Sie Ihren Server, und setzen Sie den Endpunkt dann fort.',
  }),
  'endpoint.recovered': (fact) => ({
    title: `${fact('endpoint')} nimmt wieder an`,
    detail: 'Der Endpunkt nimmt Zustellungen wieder an. Was gewartet hat, wird der Reihe nach gesendet. Es ist nichts zu tun.',
  }),
  'endpoint.slow': (fact) => ({
    title: `${fact('endpoint')} antwortet langsam`,
    detail: `95 % der Antworten der letzten ${fact('minutes')} Minuten kamen innerhalb von ${fact('p95Ms')} ms; erlaubt sind ${fact('timeoutMs')} ms. Antworten Sie zuerst und arbeiten Sie danach, oder erlauben Sie dem Endpunkt mehr Zeit.`,
  }),
  'endpoint.success_rate': (fact) => ({
    title: `${fact('endpoint')} lehnt mehr ab als üblich`,
    detail: `${fact('now')} % der Versuche der letzten ${fact('minutes')} Minuten wurden angenommen; üblich sind ${fact('usual')} %. Vergleichen Sie die Antworten auf abgelehnte Versuche mit der letzten Änderung Ihres Servers.`,
  }),
  'endpoint.latency': (fact) => ({
    title: `${fact('endpoint')} antwortet langsamer als üblich`,
    detail: `Eine Antwort der letzten ${fact('minutes')} Minuten dauerte im Mittel ${fact('now')} ms; üblich sind ${fact('usual')} ms. Prüfen Sie die Last Ihres Servers.`,
  }),
  'endpoint.volume': (fact, { facts: { seconds } }) => ({
    title: `${fact('endpoint')} bekommt ${Number(fact('now')) < Number(fact('usual')) ? 'weniger' : 'mehr'} Zustellungen als üblich`,
    detail: `${fact('now')} Zustellungen in den letzten ${typeof seconds === 'number' ? `${seconds} Sekunden` : `${fact('minutes')} Minuten`}; üblich sind ${fact('usual')}. Prüfen Sie, ob gesendet wird, was soll.`,
  }),
  'deliveries.dead_lettered': (fact, { count, facts: { outcome, status } }) => ({
    title: `${count === 1 ? '1 unzustellbare Zustellung' : `${count} unzustellbare Zustellungen`} für ${fact('endpoint')}`,
    detail: `In der letzten Stunde ${count === 1 ? 'wurde 1 Zustellung' : `wurden ${count} Zustellungen`} nach allen Wiederholungen aufgegeben. Die letzte Antwort: ${endingInGerman(asText(outcome), asNumber(status)) ?? 'unbekannt'}. Reparieren Sie Ihren Server, und senden Sie dann erneut.`,
  }),
  'certificate.expiring': (fact) => ({
    title: `Das Client-Zertifikat für ${fact('endpoint')} ${expires(Number(fact('days')))}`,
    detail: `Das Client-Zertifikat des Endpunkts gilt bis ${fact('expiresAt')}. Hinterlegen Sie beim Endpunkt ein neues.`,
  }),
  'secret.expiring': (fact) => ({
    title: `Der alte Signaturschlüssel für ${fact('endpoint')} endet`,
    detail: `Der gewechselte Schlüssel signiert bis ${fact('expiresAt')}. Bis dahin muss Ihr Server mit dem neuen prüfen.`,
  }),
  'key.expiring': (fact) => ({
    title: `Der API-Schlüssel ${fact('prefix')}… ${expires(Number(fact('days')))}`,
    detail: `Der API-Schlüssel „${fact('name')}“ läuft am ${fact('expiresAt')} ab. Lassen Sie einen anderen anlegen, und nutzen Sie ihn stattdessen.`,
  }),
};

const asText = (fact: unknown) => (typeof fact === 'string' ? fact : null);
const asNumber = (fact: unknown) => (typeof fact === 'number' ? fact : null);

/** `days`: 0, 1, or a number of days that it is within. */
function expires(days: number): string {
  if (days <= 0) return 'ist abgelaufen';
  return days === 1 ? 'läuft innerhalb eines Tages ab' : `läuft innerhalb von ${days} Tagen ab`;
}

/** Null: this page does not know the kind. */
export function alertInGerman(alert: Alert): AlertText | null {
  const write = (texts as Partial<Record<string, (fact: Fact, alert: Alert) => AlertText>>)[alert.kind];
  return write?.((name) => factIn(alert, name), alert) ?? null;
}

/** By its description, as in English, and by its host. */
function endpointOf({ host, description }: Alert['facts']): string {
  const known = asText(host) ?? 'unbekannt';
  return asText(description) ? `${description} (${known})` : known;
}

/** The name of its endpoint, or a text or a number of the alert. An older server may not have it. */
function factIn({ facts }: Alert, name: string): string | number {
  if (name === 'endpoint') return endpointOf(facts);
  return asText(facts[name]) ?? asNumber(facts[name]) ?? 'unbekannt';
}
