import type { HelpWords } from './words-en.ts';

export const de: HelpWords = {
  title: 'Hilfe',
  forEndpoint: 'Für den Endpunkt',
  usual: 'die üblichen Einstellungen',
  signature: 'Die Signatur prüfen',
  publicKeys: 'Öffentliche Schlüssel',
  code: 'Code',
  language: 'Sprache',
  headers: 'Header einer Anfrage',
  answers: 'Was Ihre Antwort bedeutet',
  answer: 'Antwort',
  delivery: 'Das Ereignis',
  endpoint: 'Der Endpunkt',
  retries: 'Wenn Ihr Server ausfällt',
  addresses: 'Freizugebende Adressen',
  noAddresses: 'Der Absender hat keine veröffentlicht.',
  missed: 'Verpasste Ereignisse',
};
