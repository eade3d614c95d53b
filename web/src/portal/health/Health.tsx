// How well the endpoints of the tenant accept: figures, attempts and latency over time, and what they answered.
import type { Stats, StatsWindow } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Select } from '../../parts/Field.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { duration, percent } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { EndpointOptions } from '../EndpointOptions.tsx';
import { usePortalWords, useTexts } from '../shell/words/language.tsx';
import { useEndpoints, useTenant } from '../tenant.ts';
import { AttemptsChart, LatencyChart } from './Charts.tsx';
import { Outcomes } from './Outcomes.tsx';
import { healthTexts } from './texts.ts';
import './health.css';

const route = getRouteApi('/health');
const refreshMs = 30_000;
const windows: StatsWindow[] = ['1h', '24h', '7d', '30d'];

export function Health() {
  const texts = useTexts(healthTexts);
  const tenant = useTenant();
  const { window = '24h', endpoint } = route.useSearch();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['stats', tenant, endpoint, window],
    queryFn: ({ signal }) =>
      endpoint ? posthorn.endpoints.stats(endpoint, { window }, { signal }) : posthorn.tenants.stats(tenant, { window }, { signal }),
    refetchInterval: refreshMs,
  });
  const hasAttempts = data && data.totals.delivered + data.totals.failed > 0;
  return (
    <Page title={texts.title}>
      <Choices />
      {isPending && <Skeleton rows={10} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <Figures totals={data.totals} />}
      {data && !hasAttempts && <Empty title={texts.emptyTitle}>{texts.empty}</Empty>}
      {data && hasAttempts && (
        <>
          <Section title={texts.attempts}>
            <AttemptsChart stats={data} />
          </Section>
          <Section title={texts.latency}>
            <LatencyChart stats={data} />
          </Section>
          <Section title={texts.answers}>
            <Outcomes totals={data.totals} />
          </Section>
        </>
      )}
    </Page>
  );
}

function Choices() {
  const [texts, { allEndpoints }] = [useTexts(healthTexts), usePortalWords()];
  const { data: endpoints = [] } = useEndpoints();
  const { window = '24h', endpoint = '' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="health-choices">
      <Select
        label={texts.span}
        value={window}
        onChange={({ target }) => void navigate({ search: (before) => ({ ...before, window: target.value as StatsWindow }) })}
      >
        {windows.map((one) => (
          <option key={one} value={one}>
            {texts.spans[one]}
          </option>
        ))}
      </Select>
      {endpoints.length > 0 && (
        <Select
          label={texts.endpoint}
          value={endpoint}
          onChange={({ target: { value } }) =>
            void navigate({ search: ({ endpoint: _, ...before }) => ({ ...before, ...(value && { endpoint: value }) }) })
          }
        >
          <option value="">{allEndpoints}</option>
          <EndpointOptions endpoints={endpoints} />
        </Select>
      )}
    </div>
  );
}

function Figures({ totals }: { totals: Stats['totals'] }) {
  const texts = useTexts(healthTexts);
  const { locale } = useWords();
  const number = (value: number) => value.toLocaleString(locale);
  const figures: [string, string][] = [
    [texts.success, totals.successRate === null ? texts.noAttempts : percent(totals.successRate, locale)],
    [texts.delivered, number(totals.delivered)],
    [texts.failed, number(totals.failed)],
    [texts.held, number(totals.held)],
    [texts.deadLettered, number(totals.deadLettered)],
    [texts.oldest, totals.oldestWaitingMs === null ? texts.nothingWaits : duration(totals.oldestWaitingMs, locale)],
  ];
  return (
    <dl className="health-figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
