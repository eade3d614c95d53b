// Whether the endpoint agreed to receive events, and asking it again.
import type { Endpoint } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { posthorn } from '../../../api/client.ts';
import { Button } from '../../../parts/Button.tsx';
import { Facts, Section } from '../../../parts/Page.tsx';
import { Problem } from '../../../parts/States.tsx';
import { Tag, type Tone } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';
import { say } from '../../../parts/Toasts.tsx';

type State = Endpoint['verification']['state'];
const states: Record<State, [Tone, string]> = {
  none: ['muted', 'Not asked'],
  pending: ['warning', 'Being asked'],
  verified: ['good', 'Verified'],
  failed: ['bad', 'Not verified; Posthorn stopped asking'],
};
const methods = {
  none: 'The endpoint is not asked whether it wants events.',
  echo: 'A POST with a nonce, which the endpoint returns.',
  cloudevents: 'An OPTIONS request, as in the CloudEvents webhook specification.',
};

export function Verification({ endpoint, because }: { endpoint: Endpoint; because: string | undefined }) {
  const { method, state, verifiedAt, lastError } = endpoint.verification;
  const queries = useQueryClient();
  const ask = useMutation({
    mutationFn: () => posthorn.endpoints.verify(endpoint.id),
    onSuccess: async (after) => {
      queries.setQueryData(['endpoint', endpoint.id], after);
      say(after.verification.state === 'verified' ? 'The endpoint is verified.' : 'The endpoint is asked.');
      await queries.invalidateQueries({ queryKey: ['endpoint', endpoint.id] });
    },
  });
  const [tone, text] = states[state];
  const isAsking = state === 'pending' || state === 'failed';
  return (
    <Section
      title="Verification"
      actions={
        isAsking && (
          <Button because={because} isPending={ask.isPending} onPress={() => ask.mutate()}>
            Ask again
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [
            'State',
            <Tag key="state" tone={tone}>
              {text}
            </Tag>,
          ],
          ['How', methods[method]],
          ...(verifiedAt ? [['Since', <Time key="since" at={verifiedAt} isDate />] as [string, React.ReactNode]] : []),
          ...(lastError ? [['Last answer', lastError] as [string, React.ReactNode]] : []),
        ]}
      />
      {ask.error && <Problem error={ask.error} />}
      {method === 'none' && (
        <p className="quiet">
          <Link to="/endpoints/$endpoint/settings" params={{ endpoint: endpoint.id }}>
            Settings
          </Link>{' '}
          can require that it agrees before anything is sent.
        </p>
      )}
    </Section>
  );
}
