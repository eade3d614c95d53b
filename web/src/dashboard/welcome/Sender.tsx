// Step 2: code that sends an event, or a button that does the same.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Code } from '../../parts/Json.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { firstEvent, type Sample, samplesFor } from './samples.ts';

export function Sender({ tenant, origin }: { tenant: string; origin: string }) {
  const queries = useQueryClient();
  const because = useLacks('events:write');
  const [language, setLanguage] = useState<Sample['id']>('curl');
  const samples = samplesFor(origin, tenant);
  const sample = samples.find(({ id }) => id === language) ?? samples[0];
  const send = useMutation({
    mutationFn: () => posthorn.events.send(tenant, firstEvent),
    async onSuccess({ id }) {
      say(`Accepted as ${id}.`);
      await queries.invalidateQueries({ queryKey: ['deliveries'] });
    },
  });
  return (
    <>
      <p>
        Run one of these in a terminal where <code>POSTHORN_API_KEY</code> is set. After <code>npm start</code> the key is in the file{' '}
        <code>.posthorn/api-key</code>.
      </p>
      <div className="sample">
        <div className="section-head">
          <div className="sample-languages" role="group" aria-label="Language">
            {samples.map(({ id, name }) => (
              <Button key={id} tone="quiet" aria-pressed={id === language} onPress={() => setLanguage(id)}>
                {name}
              </Button>
            ))}
          </div>
          {sample && <Copy text={sample.code} what="the code" />}
        </div>
        {sample && <Code text={sample.code} label={`Code in ${sample.name}`} kind="text" />}
      </div>
      <p>
        <Button onPress={() => send.mutate()} isPending={send.isPending} because={because}>
          Send it from here
        </Button>
      </p>
      {send.error && <Problem error={send.error} />}
    </>
  );
}
