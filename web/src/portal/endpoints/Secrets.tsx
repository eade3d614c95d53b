// The signing secrets of an endpoint: which sign now, and how they are rotated.
import type { SecretRotation } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Select } from '../../parts/Field.tsx';
import { Section } from '../../parts/Page.tsx';
import { Problem } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import { freshSecrets } from '../fresh-secrets.ts';
import { useForbidden } from '../shared-words.ts';
import { useEndpointWords } from './words.ts';

export function Secrets({ endpoint }: { endpoint: string }) {
  const words = useEndpointWords();
  const [isAsking, setIsAsking] = useState(false);
  const [ending, setEnding] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ['secrets', endpoint],
    queryFn: ({ signal }) => posthorn.endpoints.secrets(endpoint, { signal }),
  });
  const because = useForbidden('endpoints:write');
  const rotate = (
    <Button onPress={() => setIsAsking(true)} because={because}>
      {words.rotate.action}
    </Button>
  );
  return (
    <Section title={words.rotate.secret} actions={rotate}>
      {error && <Problem error={error} />}
      <ul className="secret-list" aria-label={words.rotate.live}>
        {data?.data.map(({ id, validFrom, endsAt }, index) => (
          <li key={id}>
            <strong>{index === 0 ? words.rotate.current : words.rotate.previous}</strong>, {words.rotate.since}{' '}
            <Time at={validFrom} isDate />,{' '}
            {endsAt === null ? (
              words.rotate.untilRotation
            ) : (
              <>
                {words.rotate.until} <Time at={endsAt} isDate />{' '}
                <Button tone="quiet" onPress={() => setEnding(id)} because={because}>
                  {words.rotate.end}
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
      {ending !== null && <EndDialog endpoint={endpoint} secret={ending} onClose={() => setEnding(null)} />}
      {isAsking && <RotateDialog endpoint={endpoint} onClose={() => setIsAsking(false)} />}
    </Section>
  );
}

function EndDialog({ endpoint, secret, onClose }: { endpoint: string; secret: string; onClose: () => void }) {
  const words = useEndpointWords().rotate;
  const end = useOrder({
    send: () => posthorn.endpoints.endSecret(endpoint, secret),
    onDone: () => say(words.ended),
    onward: onClose,
    changes: [['secrets', endpoint]],
  });
  return (
    <Confirm
      isOpen
      title={words.endTitle}
      onClose={onClose}
      effect={words.endEffect}
      action={words.end}
      isDangerous
      isPending={end.isPending}
      onConfirm={() => end.mutate()}
      problem={end.error && <Problem error={end.error} />}
    />
  );
}

const overlaps = ['24h', '1h', '3d', '7d', '0s'] as const;

function RotateDialog({ endpoint, onClose }: { endpoint: string; onClose: () => void }) {
  const words = useEndpointWords().rotate;
  const [overlap, setOverlap] = useState<(typeof overlaps)[number]>('24h');
  const rotate = useOrder({
    send: (rotation: SecretRotation) => posthorn.endpoints.rotateSecret(endpoint, rotation),
    onDone: ({ secret }) => freshSecrets.keep(endpoint, secret),
    onward() {
      onClose();
      // where the secret is shown
      window.scrollTo({ top: 0 });
    },
    changes: [['secrets', endpoint]],
  });
  const isAtOnce = overlap === '0s';
  const effect = (
    <div className="pf-form">
      <p>{words.effect}</p>
      <Select label={words.overlap} value={overlap} onChange={({ target }) => setOverlap(target.value as typeof overlap)}>
        {overlaps.map((one) => (
          <option key={one} value={one}>
            {words.overlaps[one]}
          </option>
        ))}
      </Select>
      <p>{isAtOnce ? words.atOnce : words.meanwhile}</p>
    </div>
  );
  return (
    <Confirm
      isOpen
      title={words.title}
      onClose={onClose}
      effect={effect}
      action={words.action}
      isDangerous={isAtOnce}
      isPending={rotate.isPending}
      onConfirm={() => rotate.mutate({ overlap })}
      problem={rotate.error && <Problem error={rotate.error} />}
    />
  );
}
