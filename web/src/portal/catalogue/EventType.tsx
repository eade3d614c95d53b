// One event type: its fields, an example as a server receives it, and sample requests for tests.
import type { EventType as EventTypeView } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Copy } from '../../parts/Copy.tsx';
import { Select } from '../../parts/Field.tsx';
import { fieldsOfSchema } from '../../parts/filter/schema-fields.ts';
import { Code } from '../../parts/Json.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Prose } from '../../parts/Prose.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { useSharedWords } from '../shared-words.ts';
import { stateTones } from './Catalogue.tsx';
import { Fixtures } from './Fixtures.tsx';
import { useCatalogueWords } from './words.ts';
import '../../parts/small-table.css';
import '../forms.css';
import './catalogue.css';

const route = getRouteApi('/catalogue/$type');

export function EventType() {
  const words = useCatalogueWords();
  const { type: name } = route.useParams();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['event-type', name],
    queryFn: ({ signal }) => posthorn.eventTypes.get(name, { signal }),
  });
  return (
    <Page title={name} back={{ to: '/catalogue', text: words.back }}>
      {isPending && <Skeleton rows={10} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <About type={data} />}
    </Page>
  );
}

function About({ type }: { type: EventTypeView }) {
  const words = useCatalogueWords();
  const { description, state, deprecatedAt, sunsetAt, versions, currentVersion } = type;
  const { version = currentVersion } = route.useSearch();
  const navigate = useNavigate();
  return (
    <>
      <div className="type-about">
        <Tag tone={stateTones[state]}>{words.states[state]}</Tag>
        {description && (
          <p className="type-prose">
            <Prose text={description} />
          </p>
        )}
        {deprecatedAt && (
          <p>
            {words.deprecatedSince} <Time at={deprecatedAt} isDate />.
          </p>
        )}
        {sunsetAt && (
          <p>
            {words.endsAt} <Time at={sunsetAt} isDate />.
          </p>
        )}
        <Link to="/help">{useSharedWords().verify}</Link>
      </div>
      {versions.length > 1 && (
        <div className="pf-narrow">
          <Select
            label={words.version}
            value={String(version)}
            onChange={({ target }) =>
              void navigate({
                to: '/catalogue/$type',
                params: { type: type.name },
                search: { version: Number(target.value) },
                replace: true,
              })
            }
          >
            {versions.toReversed().map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </div>
      )}
      {version === null ? <p className="quiet">{words.noVersion}</p> : <Version type={type} version={version} />}
    </>
  );
}

function Version({ type, version }: { type: EventTypeView; version: number }) {
  const words = useCatalogueWords();
  const isCurrent = version === type.currentVersion;
  const { data, error } = useQuery({
    queryKey: ['event-type', type.name, version],
    queryFn: ({ signal }) => posthorn.eventTypes.version(type.name, version, { signal }),
    enabled: !isCurrent,
  });
  const shown = isCurrent ? type : data;
  if (error) return <Problem error={error} />;
  if (!shown) return <Skeleton rows={6} />;
  const [example] = shown.examples;
  const body =
    example === undefined ? null : JSON.stringify({ type: type.name, timestamp: '2026-01-01T00:00:00.000Z', data: example }, null, 2);
  const schema = shown.schema === null ? null : JSON.stringify(shown.schema, null, 2);
  return (
    <>
      <Section title={words.example} actions={body !== null && <Copy text={body} />}>
        <p className="quiet">{body === null ? words.noExample : words.exampleHint}</p>
        {body !== null && <Code text={body} label={words.example} />}
      </Section>
      {schema !== null && (
        <Section title={words.fields} actions={<Copy text={schema} what={words.schema} />}>
          <Fields schema={shown.schema} />
          <details>
            <summary>{words.schema}</summary>
            <Code text={schema} label={words.schema} />
          </details>
        </Section>
      )}
      {body !== null && <Fixtures key={version} type={type.name} version={version} />}
    </>
  );
}

function Fields({ schema }: { schema: unknown }) {
  const words = useCatalogueWords();
  const fields = fieldsOfSchema(schema);
  if (fields.length === 0) return <p className="quiet">{words.noFields}</p>;
  const { field, type, description } = words.columnsOfField;
  return (
    <table className="small-table">
      <thead>
        <tr>
          <th scope="col">{field}</th>
          <th scope="col">{type}</th>
          <th scope="col">{description}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ path, types, description: meaning, values }) => (
          <tr key={path}>
            <th scope="row">
              <code>{path}</code>
            </th>
            <td>{values.length > 0 ? values.map((one) => JSON.stringify(one)).join(' | ') : types.join(', ') || words.anyType}</td>
            <td>{meaning}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
