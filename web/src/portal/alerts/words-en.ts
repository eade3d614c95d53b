// Words of the pages about alerts. German: words-de.ts, with the same keys.
export const en = {
  title: 'Alerts',
  open: 'What needs attention',
  allWell: 'Nothing needs attention.',
  acknowledge: 'I am on it',
  acknowledged: 'Somebody is on it',
  since: 'since',
  severities: { info: 'Note', warning: 'Warning', critical: 'Critical' },
  channels: 'Who is told',
  channelsHint: 'A message is sent when something needs attention, and when it is over.',
  noneText: 'Add an address, so that you hear of a failing endpoint before it is disabled.',
  alertKinds: {
    'endpoint.failing': 'An endpoint accepts nothing',
    'endpoint.disabling': 'An endpoint is about to be disabled',
    'endpoint.disabled': 'An endpoint was disabled',
    'endpoint.recovered': 'An endpoint accepts again',
    'endpoint.slow': 'An endpoint answers slowly',
    'endpoint.success_rate': 'Fewer events are accepted than usual',
    'endpoint.latency': 'Answers take longer than usual',
    'endpoint.volume': 'More or fewer events than usual',
    'deliveries.dead_lettered': 'Events could not be delivered',
    'certificate.expiring': 'A client certificate expires',
    'secret.expiring': 'A rotated secret stops signing',
    'key.expiring': 'An API key expires',
  },
};

export type AlertWords = typeof en;
