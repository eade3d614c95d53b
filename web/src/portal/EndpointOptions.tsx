// The endpoints of the tenant, as a `Select` offers them.
import type { Endpoint } from '@posthorn/client';
import { nameOfEndpoint } from './tenant.ts';

export function EndpointOptions({ endpoints }: { endpoints: readonly Endpoint[] }) {
  return endpoints.map(({ id }) => (
    <option key={id} value={id}>
      {nameOfEndpoint(endpoints, id)}
    </option>
  ));
}
