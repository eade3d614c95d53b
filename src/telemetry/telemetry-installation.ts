// The gauges of the whole installation that are read from PostgreSQL with one query at each scrape: workers, what waits,
// and what needs people.
import type { Registry } from '@prometheus-io/client';
import type { InstallationFigures } from '#db/deliveries/installation-figures';
import type { Logger } from '#runtime/logger';
import { askedGauge } from './asked-gauge.ts';
import { askedOnce } from './asked-once.ts';
import type { StoreFacts } from './telemetry-gauges.ts';

const facts: { name: string; help: string; value(figures: InstallationFigures): number }[] = [
  { name: 'posthorn_workers', help: 'Workers that renewed their lease in the last 5 s.', value: ({ workers }) => workers },
  {
    name: 'posthorn_outbox_oldest_seconds',
    help: 'Age of the oldest event in the outbox; 0 if there is none.',
    value: ({ oldestInOutboxSeconds }) => oldestInOutboxSeconds,
  },
  {
    name: 'posthorn_deliveries_overdue_oldest_seconds',
    help: 'How late the attempt is that is overdue for longest; 0 if none is.',
    value: ({ mostOverdueSeconds }) => mostOverdueSeconds,
  },
  {
    name: 'posthorn_dead_letters',
    help: 'Deliveries that are dead letters now, of all processes; 10000 means 10000 or more.',
    value: ({ deadLetters }) => deadLetters,
  },
  {
    name: 'posthorn_quarantined_deliveries',
    help: 'Deliveries in quarantine now, of all processes; 10000 means 10000 or more.',
    value: ({ quarantined }) => quarantined,
  },
];

export function watchInstallation(registry: Registry, stores: Pick<StoreFacts, 'installation'>, log: Logger): void {
  const ask = askedOnce(() => stores.installation(), 'posthorn_workers', log);
  for (const { name, help, value } of facts)
    askedGauge(registry, name, help, async () => {
      const figures = await ask();
      return figures && value(figures);
    });
}
