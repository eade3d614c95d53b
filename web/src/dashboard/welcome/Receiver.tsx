// Step 1: a test endpoint inside this Posthorn, which records what it receives.
import type { Sandbox } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Problem } from '../../parts/States.tsx';

export interface ReceiverProps {
  /** The tenant that gets it; it is made if it does not exist. */
  tenant: string;
  hasTenant: boolean;
  /** The newest test endpoint of the tenant. */
  sandbox: Sandbox | undefined;
}

export function Receiver({ tenant, hasTenant, sandbox }: ReceiverProps) {
  const queries = useQueryClient();
  const [lacksEndpoints, lacksTenants] = [useLacks('endpoints:write'), useLacks('admin')];
  const make = useMutation({
    async mutationFn() {
      if (!hasTenant) await posthorn.tenants.create({ id: tenant, name: 'Demo' });
      return posthorn.sandboxes.create(tenant, { name: 'First steps' });
    },
    onSuccess: () =>
      Promise.all([queries.invalidateQueries({ queryKey: ['tenants'] }), queries.invalidateQueries({ queryKey: ['sandboxes'] })]),
  });
  if (sandbox) {
    return (
      <>
        <p>
          <code>{sandbox.url}</code> <Copy text={sandbox.url} /> receives the events of the tenant <code>{tenant}</code>.
        </p>
        {make.data && (
          <p>
            Its signing secret, which is shown only now: <code>{make.data.secret}</code> <Copy text={make.data.secret} what="the secret" />
          </p>
        )}
      </>
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
      <Button tone="primary" onPress={() => make.mutate()} isPending={make.isPending} because={because}>
        Make a test endpoint
      </Button>
      {make.error && <Problem error={make.error} />}
    </>
  );
}
