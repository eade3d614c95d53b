// An endpoint as the API shows it: its URL, the names of its headers, and the kind of its authentication.
import type { Retarget } from '../db/endpoint-changes.ts';
import type { StoredEndpoint } from '../db/endpoints.ts';
import { changedFields } from '../domain/audit.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { type EndpointTarget, hideValues, keepHidden } from '../domain/endpoint-target.ts';
import { openTarget, sealTarget } from '../target.ts';
import type { ApiDeps } from './deps.ts';

export function showEndpoint({ vault }: Pick<ApiDeps, 'vault'>, { sealed, ...stored }: StoredEndpoint): Endpoint {
  const { url, headers, auth } = openTarget(vault, stored.id, sealed);
  return { ...stored, url, headers: hideValues(headers), auth: auth && { type: auth.type } };
}

/** Sets what is given; what is given hidden stays. */
export function retarget({ vault }: Pick<ApiDeps, 'vault'>, endpointId: string, change: Partial<EndpointTarget>): Retarget {
  return (sealed) => {
    const before = openTarget(vault, endpointId, sealed);
    const { url = before.url, headers = before.headers, auth = before.auth } = change;
    const after = { url, headers: keepHidden(headers, before.headers), auth };
    return { ...sealTarget(vault, endpointId, after), shown: changedFields(['url', 'headers', 'auth'], before, after) };
  };
}
