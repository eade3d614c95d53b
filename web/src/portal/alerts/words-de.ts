import type { AlertWords } from './words-en.ts';

export const de: AlertWords = {
  title: 'Warnungen',
  open: 'Worum man sich kümmern muss',
  allWell: 'Alles in Ordnung.',
  acknowledge: 'Ich kümmere mich',
  acknowledged: 'Jemand kümmert sich',
  since: 'seit',
  severities: { info: 'Hinweis', warning: 'Warnung', critical: 'Kritisch' },
  channels: 'Wer benachrichtigt wird',
  channelsHint: 'Eine Nachricht kommt, wenn etwas zu tun ist, und wenn es vorbei ist.',
  noneText: 'Fügen Sie eine Adresse hinzu, damit Sie von einem gestörten Endpunkt erfahren, bevor er abgeschaltet wird.',
  alertKinds: {
    'endpoint.failing': 'Ein Endpunkt nimmt nichts an',
    'endpoint.disabling': 'Ein Endpunkt wird bald abgeschaltet',
    'endpoint.disabled': 'Ein Endpunkt wurde abgeschaltet',
    'endpoint.recovered': 'Ein Endpunkt nimmt wieder an',
    'endpoint.slow': 'Ein Endpunkt antwortet langsam',
    'endpoint.success_rate': 'Weniger Ereignisse als üblich werden angenommen',
    'endpoint.latency': 'Antworten dauern länger als üblich',
    'endpoint.volume': 'Mehr oder weniger Ereignisse als üblich',
    'deliveries.dead_lettered': 'Ereignisse waren unzustellbar',
    'certificate.expiring': 'Ein Client-Zertifikat läuft ab',
    'secret.expiring': 'Ein gewechselter Schlüssel endet',
    'key.expiring': 'Ein API-Schlüssel läuft ab',
  },
};
