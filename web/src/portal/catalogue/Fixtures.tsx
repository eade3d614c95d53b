// Signed sample requests of an event type, for the tests of a receiver.
import type { Fixture, Fixtures as FixturesView } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { curlOf } from '../../parts/attempts/curl.ts';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Code } from '../../parts/Json.tsx';
import { Facts, Section } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { useCatalogueWords } from './words.ts';

export function Fixtures({ type, version }: { type: string; version: number }) {
  const words = useCatalogueWords();
  const [isShown, setIsShown] = useState(false);
  const { data, error, isFetching } = useQuery({
    queryKey: ['fixtures', type, version],
    queryFn: ({ signal }) => posthorn.eventTypes.fixtures(type, version, { signal }),
    enabled: isShown,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Section title={words.fixtures}>
      <p className="quiet">{words.fixturesHint}</p>
      {!isShown && (
        <div>
          <Button onPress={() => setIsShown(true)}>{words.showFixtures}</Button>
        </div>
      )}
      {isFetching && <Skeleton rows={6} />}
      {error && <Problem error={error} />}
      {data && <Shown fixtures={data} />}
    </Section>
  );
}

function Shown({ fixtures }: { fixtures: FixturesView }) {
  const words = useCatalogueWords();
  const name = useId();
  const [chosen, setChosen] = useState(fixtures.data[0]?.name);
  const fixture = fixtures.data.find((one) => one.name === chosen);
  return (
    <>
      <Facts
        facts={[
          [words.secret, <code key="secret">{fixtures.secret}</code>],
          [words.clock, <code key="now">{fixtures.now}</code>],
        ]}
      />
      <div>
        <Button onPress={() => download(`${fixtures.type}-${fixtures.version}.json`, JSON.stringify(fixtures, null, 2))}>
          {words.download}
        </Button>
      </div>
      <fieldset className="fixtures">
        <legend className="visually-hidden">{words.sample}</legend>
        {fixtures.data.map((one) => (
          <label key={one.name} className="fixture">
            <input type="radio" name={name} checked={one.name === chosen} onChange={() => setChosen(one.name)} />
            <Tag tone={one.expected === 'accept' ? 'good' : 'bad'}>{words.expected[one.expected]}</Tag>
            <code>{one.name}</code>
            <span lang="en">{one.description}</span>
          </label>
        ))}
      </fieldset>
      {fixture && <Sample fixture={fixture} />}
    </>
  );
}

/** Of a receiver that is being written. */
const ownReceiver = 'http://localhost:3000/webhooks';

function Sample({ fixture: { request } }: { fixture: Fixture }) {
  const words = useCatalogueWords();
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div className="fixture-sample">
      <div>
        <Copy text={() => curlOf({ url: ownReceiver, headers: Object.entries(request.headers), body: request.body })} what={words.asCurl} />
      </div>
      <Code text={headers.join('\n')} label={words.sampleHeaders} kind="text" />
      <Code text={request.body} label={words.sampleBody} />
    </div>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser has begun to read it
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
