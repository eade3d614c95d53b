import type { PortalWords } from './en.ts';

export const de: PortalWords = {
  portal: 'Webhooks',
  pages: 'Seiten',
  skip: 'Zur Seite springen',
  endpoints: 'Endpunkte',
  deliveries: 'Zustellungen',
  missed: 'Verpasste Ereignisse',
  health: 'Zustand',
  catalogue: 'Ereignistypen',
  alerts: 'Warnungen',
  help: 'Hilfe',
  language: 'Sprache dieser Seite',
  opening: 'Das Portal wird geöffnet',
  missingTitle: 'Diese Seite braucht einen Link',
  missing:
    'Öffnen Sie sie aus der Anwendung, die Ihnen Webhooks schickt. Ein Link endet nach einiger Zeit; die Anwendung macht einen neuen.',
  expiredTitle: 'Dieser Link ist abgelaufen',
  expired:
    'Gehen Sie zurück zu der Anwendung, die Ihnen Webhooks schickt, und öffnen Sie die Seite dort noch einmal. Es geht nichts verloren.',
  invalidTitle: 'Dieser Link gilt nicht mehr',
  invalid:
    'Er wurde widerrufen, oder er ist unvollständig. Öffnen Sie die Seite noch einmal aus der Anwendung, die Ihnen Webhooks schickt.',
  renewing: 'Ein neuer Link wird geholt …',
  notRenewed: 'Die Anwendung um diese Seite hat im Moment keinen neuen Link.',
  again: 'Noch einmal fragen',
  notSentTitle: 'Ein Auftrag wurde nicht gesendet',
  notSent: 'In diesem Tab wurde ein anderer Link geöffnet. Der Auftrag davor wurde nicht gesendet.',
  maybeSentTitle: 'Ein Auftrag wurde vielleicht ausgeführt',
  maybeSent:
    'In diesem Tab wurde ein anderer Link geöffnet. Der Auftrag davor wurde gesendet, aber es kam keine Antwort. Vielleicht wurde er ausgeführt; noch einmal gesendet wird er nicht.',
  failedTitle: 'Diese Seite ist fehlgeschlagen',
  home: 'Zur ersten Seite',
  allEndpoints: 'Alle Endpunkte',
};
