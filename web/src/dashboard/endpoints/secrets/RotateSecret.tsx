// Rotates the signing secret: how long the earlier ones go on signing.
import type { Endpoint } from '@posthorn/client';
import { useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { Button } from '../../../parts/Button.tsx';
import { Dialog } from '../../../parts/Dialog.tsx';
import { Select, TextField } from '../../../parts/Field.tsx';
import { Problem, problemAt } from '../../../parts/States.tsx';
import { useMaking } from '../../made-secret.ts';
import { signingSecret } from './signing-secret.ts';

const overlaps = { '24h': '24 hours', '1h': 'an hour', '3d': '3 days', '7d': '7 days', '0s': 'not at all: they stop at once' };
type Overlap = keyof typeof overlaps;

export interface RotateSecretProps {
  endpoint: Endpoint;
  isOpen: boolean;
  onClose: () => void;
}

export function RotateSecret({ endpoint, isOpen, onClose }: RotateSecretProps) {
  const [overlap, setOverlap] = useState<Overlap>('24h');
  const [own, setOwn] = useState('');
  const close = () => {
    if (!isPending) reset();
    setOwn('');
    onClose();
  };
  const { start, error, isPending, reset } = useMaking({
    make: () => posthorn.endpoints.rotateSecret(endpoint.id, { overlap, ...(own !== '' && { secret: own }) }),
    secretOf: ({ secret }) => signingSecret('The new secret', secret),
    changes: ['endpoint', endpoint.id],
    onMade: close,
  });
  return (
    <Dialog title="Rotate the secret?" isOpen={isOpen} onClose={close}>
      <p>A new secret signs from now on. The earlier ones also sign for as long as you choose, so that the receiver has time to switch.</p>
      <Select label="The earlier secrets still sign for" value={overlap} onChange={({ target }) => setOverlap(target.value as Overlap)}>
        {Object.entries(overlaps).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </Select>
      {overlap === '0s' && (
        <p className="caution">Choose this after a leak. Until the receiver knows the new secret, it refuses every request.</p>
      )}
      <TextField
        label="Your own secret"
        value={own}
        placeholder="whsec_…"
        problem={problemAt(error, 'secret')}
        hint="Only if the receiver has one already. Empty: Posthorn makes a good one."
        onChange={({ target }) => setOwn(target.value)}
      />
      {error && !problemAt(error, 'secret') && <Problem error={error} />}
      <div className="dialog-actions">
        <Button onPress={close}>Cancel</Button>
        <Button tone={overlap === '0s' ? 'danger' : 'primary'} isPending={isPending} onPress={start}>
          Rotate the secret
        </Button>
      </div>
    </Dialog>
  );
}
