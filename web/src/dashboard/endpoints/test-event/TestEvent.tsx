// Sends a test event to an endpoint, and shows its result at once.
import type { Endpoint, TestPending, TestResult } from '@posthorn/client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { Button } from '../../../parts/Button.tsx';
import { Dialog } from '../../../parts/Dialog.tsx';
import { TextArea, TextField } from '../../../parts/Field.tsx';
import { Problem, problemAt } from '../../../parts/States.tsx';
import { useTypeNames } from '../TypeNames.tsx';
import { TestOutcome } from './TestOutcome.tsx';

// Posthorn waits for the receiver: 30 s at most, and 10 s more
const longestMs = 60_000;
const usualData = '{\n  "message": "This is a test from Posthorn."\n}';

export interface TestEventProps {
  endpoint: Endpoint;
  isOpen: boolean;
  onClose: () => void;
}

export function TestEvent({ endpoint, isOpen, onClose }: TestEventProps) {
  return (
    <Dialog title="Send a test event" place="side" isOpen={isOpen} onClose={onClose}>
      <Form endpoint={endpoint} />
    </Dialog>
  );
}

function Form({ endpoint }: { endpoint: Endpoint }) {
  const usual = endpoint.eventTypes.find((type) => !type.endsWith('*')) ?? 'posthorn.test';
  const [type, setType] = useState(usual);
  const [typedData, setTypedData] = useState<string | null>(null);
  const example = useExample(type);
  const data = typedData ?? example ?? usualData;
  const list = useId();
  const names = useTypeNames();
  const test = useMutation({
    // as it was typed: numbers are not rounded
    mutationFn: () =>
      posthorn.request<TestResult | TestPending>(
        'POST',
        `/v1/endpoints/${encodeURIComponent(endpoint.id)}/test`,
        { text: `{"type":${JSON.stringify(type)},"data":${data.trim() || 'null'}}` },
        { timeoutMs: longestMs },
      ),
  });
  const wrong = jsonProblem(data);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong && !test.isPending) test.mutate();
  };
  return (
    <>
      <form className="form" onSubmit={submit}>
        <p className="quiet">
          It is sent to this endpoint only, whatever it subscribes to, before all others. The receiver recognizes it by the header
          posthorn-test. If it fails, it is not sent again.
        </p>
        <TextField
          label="Event type"
          list={list}
          value={type}
          problem={problemAt(test.error, 'type')}
          onChange={({ target }) => setType(target.value)}
        />
        <datalist id={list}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <TextArea label="Data" rows={8} value={data} problem={wrong} onChange={({ target }) => setTypedData(target.value)} />
        <div>
          <Button type="submit" tone="primary" isPending={test.isPending} because={wrong && 'the data is no JSON'}>
            {test.isPending ? 'Waiting for the answer…' : 'Send'}
          </Button>
        </div>
      </form>
      {test.error && !problemAt(test.error, 'type') && <Problem error={test.error} />}
      {test.data && !test.isPending && <TestOutcome result={test.data} />}
    </>
  );
}

/** The first example of the type in the catalogue; undefined: there is none. */
function useExample(type: string): string | undefined {
  const known = useTypeNames().includes(type);
  const { data } = useQuery({
    queryKey: ['event-type', type],
    queryFn: ({ signal }) => posthorn.eventTypes.get(type, { signal }),
    enabled: known,
    staleTime: 60_000,
  });
  const example = known ? data?.examples[0] : undefined;
  return example === undefined ? undefined : JSON.stringify(example, null, 2);
}

function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'is no JSON';
  }
}
