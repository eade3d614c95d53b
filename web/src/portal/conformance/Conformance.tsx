// Checks how a receiver handles correct and wrong requests, and says what to change in it.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Report } from '../../parts/conformance/Report.tsx';
import { useConformance } from '../../parts/conformance/use-conformance.ts';
import { TextField } from '../../parts/Field.tsx';
import { Page } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { eventTypesQuery } from '../queries.ts';
import { useForbidden } from '../shared-words.ts';
import { useConformanceWords } from './words.ts';
import '../forms.css';
import './conformance.css';

const route = getRouteApi('/endpoints/$endpoint/check');

export function Conformance() {
  const words = useConformanceWords();
  const { endpoint } = route.useParams();
  const { last, run } = useConformance(endpoint);
  return (
    <Page title={words.title} back={{ to: `/endpoints/${endpoint}`, text: words.back }}>
      <p className="quiet conformance-what">{words.what}</p>
      <RunForm isPending={run.isPending} onRun={(eventType) => run.mutate(eventType)} />
      {run.error && <Problem error={run.error} />}
      {last.error && <Problem error={last.error} onRetry={() => void last.refetch()} />}
      {(last.isPending || run.isPending) && <Skeleton rows={10} />}
      {last.data === null && !run.isPending && <p>{words.none}</p>}
      {last.data && !run.isPending && <Report report={last.data} words={words} heading="h2" />}
    </Page>
  );
}

function RunForm({ isPending, onRun }: { isPending: boolean; onRun: (eventType: string) => void }) {
  const words = useConformanceWords();
  const forbidden = useForbidden('endpoints:write');
  const { data = [] } = useQuery(eventTypesQuery);
  const [type, setType] = useState('');
  return (
    <form
      className="pf-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (forbidden === undefined && !isPending) onRun(type.trim());
      }}
    >
      <TextField
        label={words.eventType}
        hint={words.eventTypeHint}
        list="conformance-types"
        value={type}
        onChange={({ target }) => setType(target.value)}
      />
      <datalist id="conformance-types">
        {data.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div>
        <Button type="submit" tone="primary" isPending={isPending} because={forbidden}>
          {isPending ? words.running : words.run}
        </Button>
      </div>
    </form>
  );
}
