// Who may sign and who agreed: the secrets of an endpoint, their rotation, and its verification.
import type { Endpoint, SigningSecret } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { useLacks } from '../../../api/use.ts';
import { Button } from '../../../parts/Button.tsx';
import { Copy } from '../../../parts/Copy.tsx';
import { Confirm } from '../../../parts/Dialog.tsx';
import { Section } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { Tag } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';
import { say } from '../../../parts/Toasts.tsx';
import { useOrder } from '../../../parts/use-order.ts';
import { endpointQuery, secretsQuery } from '../queries.ts';
import { RotateSecret } from './RotateSecret.tsx';
import { Verification } from './Verification.tsx';
import './secrets.css';

const page = getRouteApi('/endpoints/$endpoint');

export function Secrets() {
  const { endpoint: id } = page.useParams();
  const because = useLacks('endpoints:write');
  const [isRotating, setIsRotating] = useState(false);
  const endpoint = useQuery(endpointQuery(id)).data;
  const { data, error, refetch } = useQuery(secretsQuery(id));
  const rotate = (
    <Button because={because} onPress={() => setIsRotating(true)}>
      Rotate the secret
    </Button>
  );
  return (
    <>
      <Section title="Signing secrets" actions={rotate}>
        <p className="quiet">
          Every request is signed with each of these secrets, so the receiver may know any of them. Their values are not shown again.
        </p>
        {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton rows={2} />}
        {data && (
          <ul className="secrets">
            {data.data.map((secret, index) => (
              <Secret key={secret.id} endpoint={id} secret={secret} isNewest={index === 0} because={because} />
            ))}
          </ul>
        )}
      </Section>
      {endpoint?.publicKeys && <PublicKeys keys={endpoint.publicKeys} />}
      {endpoint && <Verification endpoint={endpoint} because={because} />}
      {endpoint && <RotateSecret endpoint={endpoint} isOpen={isRotating} onClose={() => setIsRotating(false)} />}
    </>
  );
}

interface SecretProps {
  endpoint: string;
  secret: SigningSecret;
  isNewest: boolean;
  because: string | undefined;
}

function Secret({ endpoint, secret: { id, validFrom, endsAt }, isNewest, because }: SecretProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { mutate, error, isPending } = useOrder({
    send: () => posthorn.endpoints.endSecret(endpoint, id),
    onDone: () => say('The secret does not sign any more.'),
    onward: () => setIsOpen(false),
    changes: [['endpoint', endpoint]],
  });
  return (
    <li className="secrets-item">
      <Tag tone={isNewest ? 'good' : 'warning'}>{isNewest ? 'Newest' : 'Earlier'}</Tag>
      <code className="quiet">{id}</code>
      <span>
        signs since <Time at={validFrom} isDate />
        {endsAt && (
          <>
            , ends <Time at={endsAt} />
          </>
        )}
      </span>
      {!isNewest && (
        <Button tone="danger" because={because} onPress={() => setIsOpen(true)}>
          End it now
        </Button>
      )}
      <Confirm
        title="End this secret now?"
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        effect={<p>A receiver that knows only this secret refuses every request from then on. Check that it knows the newest one first.</p>}
        action="End the secret"
        isDangerous
        isPending={isPending}
        onConfirm={() => mutate()}
        problem={error && <Problem error={error} />}
      />
    </li>
  );
}

function PublicKeys({ keys }: { keys: NonNullable<Endpoint['publicKeys']> }) {
  return (
    <Section title="Public keys">
      <p className="quiet">
        Requests are signed with the key pair of the tenant. A receiver checks them with any of these; the newest is first.
      </p>
      <ul className="secrets">
        {keys.map((key) => (
          <li key={key} className="secrets-item">
            <code>{key}</code>
            <Copy text={key} what="the public key" />
          </li>
        ))}
      </ul>
    </Section>
  );
}
