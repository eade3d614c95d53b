// How an attempt ended, and what to do about it, in German. English: the message and the advice of the API.
import type { AttemptOutcome } from '@posthorn/client';

/** `answered`: the HTTP status, or that there was a status. */
const endings: Record<AttemptOutcome, (answered: string) => string> = {
  accepted: (answered) => answered,
  http_status: (answered) => answered,
  redirect: (answered) => `${answered}; Umleitungen wird nicht gefolgt`,
  gone: (answered) => `${answered}; der Endpunkt will keine Ereignisse mehr`,
  timeout: () => 'keine Antwort in der erlaubten Zeit',
  dns: () => 'der Name des Endpunkts ließ sich nicht auflösen',
  address_blocked: () => 'nicht gesendet, weil die Adresse des Endpunkts nicht erlaubt ist',
  connect: () => 'keine Verbindung zum Endpunkt',
  tls: () => 'keine sichere Verbindung (TLS) zum Endpunkt',
  reset: () => 'der Endpunkt hat die Verbindung ohne Antwort geschlossen',
  protocol: () => 'die Antwort des Endpunkts war kein gültiges HTTP',
  response_too_large: () => 'die Header der Antwort waren zu groß',
  auth_failed: () => 'der OAuth-Server hat kein Zugriffstoken gegeben',
};

const advice: Record<AttemptOutcome, string | null> = {
  accepted: null,
  http_status:
    'Suchen Sie im Protokoll Ihres Servers nach dieser webhook-id, und lassen Sie ihn mit einem Status von 200 bis 299 antworten.',
  redirect: 'Umleitungen wird nicht gefolgt: Geben Sie dem Endpunkt die Adresse, auf die Ihr Server umleitet.',
  gone: 'Ihr Server hat mit 410 geantwortet; das schaltet den Endpunkt ab. Setzen Sie ihn fort, wenn der Server wieder Ereignisse will.',
  timeout: 'Antworten Sie zuerst und verarbeiten Sie das Ereignis danach, oder erlauben Sie dem Endpunkt mehr Zeit.',
  dns: 'Prüfen Sie den Hostnamen des Endpunkts und seine DNS-Einträge.',
  address_blocked:
    'Der Endpunkt führt zu einer privaten oder besonderen Adresse: Nehmen Sie eine öffentliche, oder lassen Sie sie vom Betreiber erlauben.',
  connect: 'Prüfen Sie, ob Ihr Server läuft und ob seine Firewall Posthorn hereinlässt.',
  tls: 'Prüfen Sie das Zertifikat Ihres Servers: seine Kette, seinen Hostnamen und seine Gültigkeit.',
  reset: 'Ihr Server oder ein Proxy davor hat die Verbindung geschlossen: Prüfen Sie dessen Grenzen und Protokoll.',
  protocol: 'Die Antwort war kein gültiges HTTP: Prüfen Sie, was an dieser Adresse und diesem Port antwortet.',
  response_too_large: 'Die Header der Antwort sind zu groß: Antworten Sie mit weniger davon.',
  auth_failed: 'Der OAuth-Server hat kein Zugriffstoken gegeben: Prüfen Sie Client-Id, Client-Secret und Token-URL.',
};

const isKnown = (outcome: string | null): outcome is AttemptOutcome => outcome !== null && Object.hasOwn(endings, outcome);

/** Null: this page does not know the outcome. */
export function endingInGerman(outcome: string | null, status: number | null): string | null {
  return isKnown(outcome) ? endings[outcome](status === null ? 'ein Fehlerstatus' : `HTTP ${status}`) : null;
}

export function adviceInGerman(outcome: string | null): string | null {
  return isKnown(outcome) ? advice[outcome] : null;
}

/** Of a test event, whose answer has no code: it has only this one note. */
export const noAttemptInGerman = 'Es gab nicht rechtzeitig einen Versuch. Das Testereignis läuft 10 Minuten nach seiner Anforderung ab.';
