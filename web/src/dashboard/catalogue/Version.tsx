// A version: its schema, its examples, and what it changed.
import type { EventTypeVersion } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Choice } from '../../parts/Choice.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Code } from '../../parts/Json.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { Changes } from './Changes.tsx';
import { SchemaDiff } from './SchemaDiff.tsx';

const route = getRouteApi('/catalogue/$type');

export function Version({ name, shown, versions }: { name: string; shown: EventTypeVersion; versions: EventTypeVersion[] }) {
  const { version, schema, examples, createdAt, updatedAt } = shown;
  return (
    <div className="type-columns">
      <div className="type-column">
        <p className="quiet">
          Added <Time at={createdAt} />
          {updatedAt !== createdAt && (
            <>
              , replaced <Time at={updatedAt} />
            </>
          )}
        </p>
        <Block
          title="Schema"
          text={schema === null ? null : textOf(schema)}
          none="This version has no schema: its events are not checked."
        />
        {examples.map((example, index) => (
          <Block
            key={`${version} ${textOf(example)}`}
            title={examples.length === 1 ? 'Example' : `Example ${index + 1}`}
            text={textOf(example)}
          />
        ))}
        {examples.length === 0 && <p className="quiet">There are no examples. Consumers get fixtures made of them.</p>}
      </div>
      <ChangesOf name={name} shown={shown} versions={versions} />
    </div>
  );
}

const textOf = (json: unknown) => JSON.stringify(json, null, 2);

function Block({ title, text, none }: { title: string; text: string | null; none?: string }) {
  return (
    <section className="type-block">
      <header className="section-head">
        <h3>{title}</h3>
        {text !== null && <Copy text={text} />}
      </header>
      {text === null ? <p className="quiet">{none}</p> : <Code text={text} label={title} />}
    </section>
  );
}

function ChangesOf({ name, shown, versions }: { name: string; shown: EventTypeVersion; versions: EventTypeVersion[] }) {
  const { since } = route.useSearch();
  const navigate = route.useNavigate();
  const others = versions.filter(({ version }) => version !== shown.version);
  const usual = versions[versions.indexOf(shown) + 1];
  const before = others.find(({ version }) => String(version) === since) ?? usual;
  const { data, error } = useQuery({
    queryKey: ['event-types', 'changes', name, shown.version, before?.version],
    queryFn: ({ signal }) => posthorn.eventTypes.changes(name, shown.version, before?.version, { signal }),
    enabled: before !== undefined,
  });
  if (!before && others.length === 0) return <p className="quiet">This is the first version: there is nothing to compare it with.</p>;
  return (
    <div className="type-column">
      <header className="section-head">
        <h3>What changed</h3>
        <Choice
          label="Compare with"
          value={before ? String(before.version) : ''}
          options={[
            ...(before ? [] : [['', 'Compare with …'] as const]),
            ...others.map(({ version }) => [String(version), `since version ${version}`] as const),
          ]}
          onChange={(next) => void navigate({ search: (now) => ({ ...now, version: String(shown.version), since: next }) })}
        />
      </header>
      {error && <Problem error={error} />}
      {before && !data && !error && <Skeleton rows={3} />}
      {data?.compatibility && <Changes compatibility={data.compatibility} />}
      {before && (
        <SchemaDiff
          before={textOf(before.schema)}
          after={textOf(shown.schema)}
          label={`Schema of version ${before.version} and ${shown.version}`}
        />
      )}
    </div>
  );
}
