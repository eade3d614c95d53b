// One endpoint: its state, what it receives, its secrets, a test event, and what can be done with it.
import type { Endpoint as EndpointView } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Clamped } from '../../parts/Clamped.tsx';
import { describeFilter } from '../../parts/filter/describe-filter.ts';
import { readFilter } from '../../parts/filter/read-filter.ts';
import { filterWords } from '../../parts/filter/words.ts';
import { Code } from '../../parts/Json.tsx';
import { useFresh, useFreshAlerts } from '../../parts/live/use-fresh.ts';
import { receiverOf } from '../../parts/messages/preset-draft.ts';
import { Facts, Page } from '../../parts/Page.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { alertInGerman } from '../../words/german/alerts.ts';
import { useWords } from '../../words/words.tsx';
import { currentAlertsQuery } from '../queries.ts';
import { SecretOnce } from '../SecretOnce.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { useTenant } from '../tenant.ts';
import { EndpointActions } from './EndpointActions.tsx';
import { endpointQuery } from './endpoint-query.ts';
import { stateOf, stateTones } from './endpoint-state.ts';
import { listTexts } from './list-texts.ts';
import { Secrets } from './Secrets.tsx';
import { TestEvent } from './TestEvent.tsx';
import { useEndpointWords } from './words.ts';
import '../forms.css';
import './endpoints.css';

const route = getRouteApi('/endpoints/$endpoint');

export function Endpoint() {
  const { endpoint: id } = route.useParams();
  const [words, list] = [useEndpointWords(), useTexts(listTexts)];
  const back = { to: '/endpoints', text: words.detail.back };
  const { data, error, isPending, refetch } = useQuery(endpointQuery(id));
  useFresh([['endpoint', id]], ({ endpoints }) => endpoints.has(id));
  useFreshAlerts();
  if (!data) {
    return (
      <Page title={list.title} back={back}>
        {isPending && <Skeleton rows={10} />}
        {error && <Problem error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  const { endpoint, filterText } = data;
  return (
    <Page title={endpoint.url} back={back} actions={<EndpointActions key={id} endpoint={endpoint} />}>
      <State endpoint={endpoint} />
      <SecretOnce of={id} />
      <Settings endpoint={endpoint} filterText={filterText} />
      <TestEvent key={id} endpoint={endpoint} />
      {receiverOf(endpoint.transform) === 'server' && <Secrets endpoint={id} />}
    </Page>
  );
}

function State({ endpoint }: { endpoint: EndpointView }) {
  const [words, { states }] = [useEndpointWords(), useTexts(listTexts)];
  const { data: alerts = [] } = useQuery(currentAlertsQuery(useTenant()));
  const state = stateOf(endpoint, alerts);
  const own = alerts.filter((alert) => alert.endpoint === endpoint.id);
  const { lastError } = endpoint.verification;
  return (
    <div className="endpoint-state">
      <p>
        <Tag tone={stateTones[state]}>{states[state]}</Tag> {words.stateText[state]}
      </p>
      {state === 'unverified' && lastError && (
        <p className="quiet" lang="en">
          {lastError}
        </p>
      )}
      {own.length > 0 && (
        <ul aria-label={words.detail.alerts}>
          {own.map((alert) => (
            <li key={alert.id}>
              <Sentence text={`${alert.title}.`} german={() => sentenceOf(alertInGerman(alert)?.title)} />{' '}
              <span className="quiet">
                <Sentence text={alert.detail} german={() => alertInGerman(alert)?.detail ?? null} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <p className="endpoint-links">
        <Link to="/deliveries" search={{ endpoint: endpoint.id }}>
          {words.detail.deliveries}
        </Link>
        <Link to="/endpoints/$endpoint/check" params={{ endpoint: endpoint.id }}>
          {words.detail.check}
        </Link>
      </p>
    </div>
  );
}

const sentenceOf = (title: string | undefined) => (title === undefined ? null : `${title}.`);

function Settings({ endpoint, filterText }: { endpoint: EndpointView; filterText: string }) {
  const words = useEndpointWords();
  const { locale } = useWords();
  const { eventTypes, description, createdAt, updatedAt, transform } = endpoint;
  const nodes = filterText === '' ? null : readFilter(filterText);
  return (
    <>
      <Facts
        facts={[
          [words.detail.receives, eventTypes.length === 0 ? words.detail.everything : <Types key="types" names={eventTypes} />],
          [words.detail.filter, nodes ? describeFilter(nodes, filterWords[locale]) : filterText === '' ? words.detail.noFilter : 'JSON'],
          [words.detail.sentAs, words.form.receivers[receiverOf(transform)]],
          ...(description ? [[words.detail.description, description] as [string, string]] : []),
          [words.detail.added, <Time key="added" at={createdAt} />],
          [words.detail.changed, <Time key="changed" at={updatedAt} />],
        ]}
      />
      {filterText !== '' && !nodes && <Code text={filterText} label={words.detail.filter} />}
    </>
  );
}

const Types = ({ names }: { names: readonly string[] }) => (
  <Clamped>
    <code>{names.join(', ')}</code>
  </Clamped>
);
