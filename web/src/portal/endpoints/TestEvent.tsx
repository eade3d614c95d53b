// Sends a test event to an endpoint, and shows its result at once.
import type { Endpoint, TestPending, TestResult } from '@posthorn/client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { useEventTypes } from '../../parts/event-types.ts';
import { TextArea, TextField } from '../../parts/Field.tsx';
import { indented } from '../../parts/indent-json.ts';
import { Code } from '../../parts/Json.tsx';
import { Section } from '../../parts/Page.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Problem } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { endingInGerman, noAttemptInGerman } from '../../words/german/outcomes.ts';
import { eventTypesQuery, useSubscribedTypes } from '../queries.ts';
import { useForbidden } from '../shared-words.ts';
import { useEndpointWords } from './words.ts';

const longestMs = 60_000;

export function TestEvent({ endpoint }: { endpoint: Endpoint }) {
  const words = useEndpointWords();
  const forbidden = useForbidden('endpoints:write');
  const [first = 'posthorn.test'] = useSubscribedTypes(endpoint.eventTypes);
  const [typed, setTyped] = useState<string | null>(null);
  const [data, setData] = useState<string | null>(null);
  const type = typed ?? first;
  const example = useExample(type);
  const text = data ?? example;
  const isJson = isJsonText(text);
  const test = useMutation({
    // the data is sent as it was typed: numbers are not rounded
    mutationFn: () =>
      posthorn.request<TestResult | TestPending>(
        'POST',
        `/v1/endpoints/${encodeURIComponent(endpoint.id)}/test`,
        { text: `{"type":${JSON.stringify(type)},"data":${text}}` },
        { timeoutMs: longestMs },
      ),
  });
  const because = forbidden ?? (endpoint.gate === 'open' ? undefined : words.test.paused);
  return (
    <Section title={words.test.title}>
      <p className="quiet">{words.test.hint}</p>
      <form
        className="pf-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isJson && because === undefined && !test.isPending) test.mutate();
        }}
      >
        <TypeField value={type} onChange={setTyped} />
        <TextArea
          label={words.test.data}
          rows={5}
          value={text}
          problem={isJson ? undefined : words.test.notJson}
          onChange={({ target }) => setData(target.value)}
        />
        <div>
          <Button type="submit" tone="primary" isPending={test.isPending} because={because}>
            {test.isPending ? words.test.sending : words.test.send}
          </Button>
        </div>
      </form>
      {test.error && <Problem error={test.error} />}
      {test.data && !test.isPending && <Result result={test.data} />}
    </Section>
  );
}

function TypeField({ value, onChange }: { value: string; onChange: (type: string) => void }) {
  const words = useEndpointWords().test;
  const { data = [] } = useQuery(eventTypesQuery);
  return (
    <>
      <TextField label={words.type} list="test-types" value={value} onChange={({ target }) => onChange(target.value)} />
      <datalist id="test-types">
        {data.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

/** From the catalogue. */
function useExample(type: string): string {
  const known = useSubscribedTypes([type]);
  const [found] = useEventTypes(known);
  const [example = { message: 'This is a test.' }] = found?.examples ?? [];
  return JSON.stringify(example, null, 2);
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function Result({ result }: { result: TestResult | TestPending }) {
  const words = useEndpointWords().test;
  if (!('attempt' in result)) {
    return (
      <div className="test-result" role="status">
        <Tag tone="neutral">{words.pending}</Tag>
        <p>
          <Sentence text={result.note} german={() => noAttemptInGerman} />
        </p>
      </div>
    );
  }
  const { outcome, message, status, body } = result.attempt;
  const isAccepted = outcome === 'accepted';
  return (
    <div className="test-result" role="status">
      <p>
        <Tag tone={isAccepted ? 'good' : 'bad'}>{isAccepted ? words.accepted : words.refused}</Tag>{' '}
        <Sentence text={message} german={() => endingInGerman(outcome, status)} />
      </p>
      {body ? (
        <Code text={indented(body)} label={words.body} kind={isJsonText(body) ? 'json' : 'text'} />
      ) : (
        status !== null && <p className="quiet">{words.emptyBody}</p>
      )}
    </div>
  );
}
