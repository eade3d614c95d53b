// Words of alert channels.
import type { AlertChannelKind, AlertSeverity } from '@posthorn/client';
import { useWords } from '../../words/words.tsx';

export const en = {
  add: 'Add a channel',
  none: 'Nobody is told yet',
  kinds: { email: 'E-mail', slack: 'Slack', webhook: 'Webhook', pagerduty: 'PagerDuty' } as Record<AlertChannelKind, string>,
  all: 'All alerts',
  least: { info: 'All, notes too', warning: 'Warnings and critical ones', critical: 'Only critical ones' } as Record<AlertSeverity, string>,
  summary: (at: string, only: boolean) => `Summary at ${at} UTC${only ? ' only' : ''}`,
  failed: 'The last message could not be sent:',
  sent: 'The last message was sent',
  neverSent: 'No message was sent yet',
  edit: 'Edit',
  remove: 'Delete',
  removeTitle: 'Delete this channel?',
  removeEffect: (to: string) => `${to} is not told of alerts any more, not even of what was about to be sent.`,
  removed: 'The channel is deleted.',
  test: 'Send a test',
  testing: 'Sending',
  tested: (took: string, answer: string) => `The test was accepted after ${took}: ${answer}`,
  editTitle: 'Edit the channel',
  create: 'Add the channel',
  created: 'The channel is added. Send a test to see that messages arrive.',
  save: 'Save',
  saved: 'The channel is saved.',
  // the fields
  kind: 'How?',
  to: 'E-mail addresses',
  toHint: 'One on each line, or separated by commas.',
  slackUrl: 'URL of the incoming webhook',
  url: 'URL',
  urlHint: 'It gets signed requests. The secret is shown when the channel is made.',
  routingKey: 'Integration key',
  routingKeyHint: 'Of the service in PagerDuty, Events API v2.',
  sendAgain: 'Type it again to change it: what is stored is not shown. Empty: it stays as it is.',
  which: 'Which alerts?',
  some: 'Only these',
  severity: 'From which severity on?',
  quietPeriod: 'Quiet period',
  quietPeriodHint:
    'An alert that opens again for the same cause is told only when it is still open so long after the last message, such as 15m.',
  digest: 'One summary a day, at this time in UTC',
  digestHint: 'Empty: none.',
  digestOnly: 'Only the summary, no single messages',
};

export type ChannelWords = typeof en;

export const de: ChannelWords = {
  add: 'Kanal hinzufügen',
  none: 'Noch wird niemand benachrichtigt',
  kinds: { email: 'E-Mail', slack: 'Slack', webhook: 'Webhook', pagerduty: 'PagerDuty' },
  all: 'Alle Warnungen',
  least: { info: 'Alle, auch Hinweise', warning: 'Warnungen und kritische', critical: 'Nur kritische' },
  summary: (at, only) => `${only ? 'Nur eine ' : ''}Zusammenfassung um ${at} UTC`,
  failed: 'Die letzte Nachricht konnte nicht gesendet werden:',
  sent: 'Letzte Nachricht:',
  neverSent: 'Noch keine Nachricht',
  edit: 'Bearbeiten',
  remove: 'Löschen',
  removeTitle: 'Diesen Kanal löschen?',
  removeEffect: (to) => `${to} wird nicht mehr benachrichtigt, auch nicht über das, was gerade gesendet werden sollte.`,
  removed: 'Der Kanal ist gelöscht.',
  test: 'Test senden',
  testing: 'Wird gesendet',
  tested: (took, answer) => `Der Test wurde nach ${took} angenommen: ${answer}`,
  editTitle: 'Kanal bearbeiten',
  create: 'Kanal hinzufügen',
  created: 'Der Kanal ist hinzugefügt. Senden Sie einen Test, um zu sehen, dass Nachrichten ankommen.',
  save: 'Speichern',
  saved: 'Der Kanal ist gespeichert.',
  kind: 'Auf welchem Weg?',
  to: 'E-Mail-Adressen',
  toHint: 'Eine je Zeile oder durch Kommas getrennt.',
  slackUrl: 'URL des eingehenden Webhooks',
  url: 'URL',
  urlHint: 'Sie bekommt signierte Anfragen. Der Schlüssel wird beim Hinzufügen gezeigt.',
  routingKey: 'Integrationsschlüssel',
  routingKeyHint: 'Des Dienstes in PagerDuty, Events API v2.',
  sendAgain: 'Geben Sie es neu ein, um es zu ändern: Gespeichertes wird nicht gezeigt. Leer: Es bleibt, wie es ist.',
  which: 'Welche Warnungen?',
  some: 'Nur diese',
  severity: 'Ab welcher Schwere?',
  quietPeriod: 'Ruhezeit',
  quietPeriodHint:
    'Beginnt dieselbe Störung von neuem, kommt erst dann wieder eine Nachricht, wenn sie so lange nach der letzten noch besteht, etwa 15m.',
  digest: 'Eine Zusammenfassung am Tag, zu dieser Zeit in UTC',
  digestHint: 'Leer: keine.',
  digestOnly: 'Nur die Zusammenfassung, keine einzelnen Nachrichten',
};

export const useChannelWords = (): ChannelWords => (useWords().locale === 'de' ? de : en);

/** What each kind of alert that the reader may choose is about. */
export type KindNames = Partial<Record<string, string>>;
