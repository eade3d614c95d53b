// Step 1: a test endpoint inside this Posthorn, which records what it receives.
import { useQueryClient } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Problem } from '../../parts/States.tsx';
import { useMaking } from '../made-secret.ts';

export interface ReceiverProps {
  /** The tenant that gets it; it is made if it does not exist. */
  tenant: string;
  hasTenant: boolean;
  /** Of the receiver that the tenant has; undefined: it has none. */
  url: string | undefined;
}

const ofSandbox = {
  title: 'The test endpoint is there',
  name: 'the secret',
  hint: 'This is its signing secret. The test endpoint verifies signatures by itself: you need the secret only to verify its requests on your own.',
};

export function Receiver({ tenant, hasTenant, url }: ReceiverProps) {
  const queries = useQueryClient();
  const [lacksEndpoints, lacksTenants] = [useLacks('endpoints:write'), useLacks('admin')];
  const { start, isPending, error } = useMaking({
    async make() {
      if (!hasTenant) await posthorn.tenants.create({ id: tenant, name: 'Demo' });
      void queries.invalidateQueries({ queryKey: ['tenants'] });
      return posthorn.sandboxes.create(tenant, { name: 'First steps' });
    },
    secretOf: ({ secret }) => ({ ...ofSandbox, text: secret }),
    changes: ['sandboxes'],
    onMade: () => undefined,
  });
  if (url !== undefined) {
    return (
      <p>
        <code>{url}</code> <Copy text={url} /> receives the events of the tenant <code>{tenant}</code>.
      </p>
    );
  }
  // the tenant is made, too
  const because = lacksEndpoints ?? (hasTenant ? undefined : lacksTenants);
  return (
    <>
      <p>
        An endpoint is a URL that gets the events of a tenant. To begin with, Posthorn can receive them itself and show what arrived.
        {!hasTenant && (
          <>
            {' '}
            The tenant <code>{tenant}</code> is made, too.
          </>
        )}
      </p>
      <Button tone="primary" onPress={start} isPending={isPending} because={because}>
        Make a test endpoint
      </Button>
      {error && <Problem error={error} />}
    </>
  );
}
