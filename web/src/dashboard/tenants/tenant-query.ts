// Reads one tenant.
import { queryOptions } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';

export const tenantQuery = (id: string) =>
  queryOptions({ queryKey: ['tenant', id], queryFn: ({ signal }) => posthorn.tenants.get(id, { signal }) });
