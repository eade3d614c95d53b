// The alerts that are not closed, the most severe first.
import type { Alert } from '@posthorn/client';
import { Section } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Tag } from '../../parts/Status.tsx';
import { bySeverity, toneOfSeverity } from '../../parts/severity.ts';
import { Time } from '../../parts/Time.tsx';

const most = 8;

export function OpenAlerts({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <Section title="Open alerts">
      {alerts.length === 0 && (
        <p className="quiet">None. An alert opens here when something needs somebody, and closes when its cause ends.</p>
      )}
      {alerts.length > 0 && (
        <ul className="overview-alerts">
          {bySeverity(alerts)
            .slice(0, most)
            .map(({ id, severity, title, openedAt }) => (
              <li key={id}>
                <PathLink to="/alerts" search={{ alert: id }}>
                  <Tag tone={toneOfSeverity[severity]}>
                    <span className="visually-hidden">{severity}: </span>
                    <span className="overview-alert">{title}</span>
                  </Tag>
                </PathLink>
                <span className="quiet">
                  <Time at={openedAt} />
                </span>
              </li>
            ))}
        </ul>
      )}
      {alerts.length > most && <PathLink to="/alerts">All {alerts.length} alerts</PathLink>}
    </Section>
  );
}
