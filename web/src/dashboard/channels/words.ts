// Words of the channels.
import type { AlertChannelKind, AlertSeverity } from '@posthorn/client';

export const kindWords: Record<AlertChannelKind, string> = { email: 'E-mail', slack: 'Slack', webhook: 'Webhook', pagerduty: 'PagerDuty' };

export const leastWords: Record<AlertSeverity, string> = {
  info: 'All, notes too',
  warning: 'Warnings and critical ones',
  critical: 'Only critical ones',
};
