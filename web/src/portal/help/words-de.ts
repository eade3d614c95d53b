import type { HelpWords } from './words-en.ts';

export const de: HelpWords = {
  title: 'Hilfe',
  forEndpoint: 'Für den Endpunkt',
  usual: 'die üblichen Einstellungen',
  signature: 'Die Signatur prüfen',
  publicKeys: 'Öffentliche Schlüssel',
  code: 'Code',
  language: 'Programmiersprache',
  headers: 'Header einer Anfrage',
  answers: 'Was Ihre Antwort bedeutet',
  answer: 'Antwort',
  delivery: 'Das Ereignis',
  endpoint: 'Der Endpunkt',
  retries: 'Wenn Ihr Server ausfällt',
  addresses: 'Freizugebende Adressen',
  noAddresses: 'Der Absender hat keine veröffentlicht.',
  missed: 'Verpasste Ereignisse',
  addressesNote:
    'Lassen Sie diese Adressen durch Ihre Firewall. Sie sind für alle Kunden dieselben und beweisen nichts über eine Anfrage: Prüfen Sie die Signatur.',
  missedWhen:
    'Nutzen Sie die Liste der verpassten Ereignisse, wenn Ihr Server länger ausgefallen ist, als wiederholt wird, wenn er von außen nicht erreichbar ist, oder wenn Sie nicht auf den nächsten Versuch warten wollen: eine Seite lesen, verarbeiten, ihren Cursor bestätigen, und weiter, bis sie leer ist. Was Sie bestätigt haben, wird nicht mehr gesendet.',
};
