// What needs attention now, and who is told of it.
import type { Alert } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { restMs, useFreshAlerts } from '../../parts/live/use-fresh.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag, type Tone } from '../../parts/Status.tsx';
import { sayRefusal } from '../../parts/say-refusal.ts';
import { Time } from '../../parts/Time.tsx';
import { alertInGerman } from '../../words/german/alerts.ts';
import { useWords } from '../../words/words.tsx';
import { currentAlertsQuery } from '../queries.ts';
import { useForbidden } from '../shared-words.ts';
import { useTenant } from '../tenant.ts';
import { Channels } from './Channels.tsx';
import { useAlertWords } from './words.ts';
import '../forms.css';
import '../../parts/entries.css';
import './alerts.css';

const tones: Record<Alert['severity'], Tone> = { info: 'neutral', warning: 'warning', critical: 'bad' };

export function Alerts() {
  const words = useAlertWords();
  return (
    <Page title={words.title}>
      <OpenAlerts />
      <Channels />
    </Page>
  );
}

function OpenAlerts() {
  const words = useAlertWords();
  const tenant = useTenant();
  useFreshAlerts();
  const { data, error, isPending, refetch } = useQuery({
    ...currentAlertsQuery(tenant),
    refetchInterval: restMs,
  });
  return (
    <Section title={words.open}>
      {isPending && <Skeleton rows={3} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <p>
          <Tag tone="good">{words.allWell}</Tag>
        </p>
      )}
      <ul className="entries">
        {data?.map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
    </Section>
  );
}

function AlertItem({ alert }: { alert: Alert }) {
  const { id, severity, state, endpoint, openedAt } = alert;
  const title = <Sentence text={alert.title} german={() => alertInGerman(alert)?.title ?? null} />;
  const words = useAlertWords();
  const forbidden = useForbidden('endpoints:write');
  const [queries, texts] = [useQueryClient(), useWords()];
  const acknowledge = useMutation({
    mutationFn: () => posthorn.alerts.acknowledge(id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
    onError: (error) => sayRefusal(error, texts),
  });
  return (
    <li className="entry alert">
      <Tag tone={tones[severity]}>{words.severities[severity]}</Tag>
      <div className="entry-text">
        <strong>
          {endpoint ? (
            <Link to="/endpoints/$endpoint" params={{ endpoint }}>
              {title}
            </Link>
          ) : (
            title
          )}
        </strong>
        <p>
          <Sentence text={alert.detail} german={() => alertInGerman(alert)?.detail ?? null} />
        </p>
      </div>
      <span className="quiet alert-since">
        {words.since} <Time at={openedAt} isDate />
      </span>
      {state === 'open' ? (
        <Button onPress={() => acknowledge.mutate()} isPending={acknowledge.isPending} because={forbidden}>
          {words.acknowledge}
        </Button>
      ) : (
        <span className="quiet">{words.acknowledged}</span>
      )}
    </li>
  );
}
