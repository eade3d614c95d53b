// Builds the API view of an endpoint with masked secrets; checks and encrypts a new or changed
// target (URL, headers, credentials, TLS).

import type { Retarget } from '#db/endpoints/endpoint-changes';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { changedFields } from '#domain/access/audit';
import { type Endpoint, endpointChange } from '#domain/endpoints/endpoint';
import { type EndpointTarget, keepHidden, leadsToAnotherOrigin, takenElsewhere, targetProblems } from '#domain/endpoints/endpoint-target';
import type { Transform } from '#domain/endpoints/endpoint-transform';
import { faultText } from '#domain/faults/fault';
import { parseExactly } from '#domain/filters/exact-json';
import { certificateProblems } from '#sealing/client-certificate';
import { openTarget, type SealedTarget, sealTarget, showTarget } from '#sealing/endpoint-target-encryption';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import { invalid } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';
import { openShaping, refuseKeyElsewhere, showShaping } from './shape-endpoint.ts';

type TargetDeps = Pick<ApiDeps, 'vault' | 'checkUrl'>;

export function showEndpoint({ vault }: Pick<ApiDeps, 'vault'>, endpoint: StoredEndpoint): Endpoint {
  const { sealed, filter, shape, ...stored } = endpoint;
  const opened = openSettings(vault, endpoint);
  const [etag] = tagsOf(vault, endpoint, opened);
  const shown = filter === null ? null : (parseExactly(filter) as Endpoint['filter']);
  return { ...stored, etag, filter: shown, ...showTarget(opened.target), ...showShaping(opened.shaping) };
}

/** Of its settings, secrets included. Not of its gate, its signing secrets and what else has requests of its own. */
export function tagsOfEndpoint({ vault }: Pick<ApiDeps, 'vault'>, endpoint: StoredEndpoint): SettingsTags {
  return tagsOf(vault, endpoint, openSettings(vault, endpoint));
}

type Opened = ReturnType<typeof openSettings>;

const openSettings = (vault: ApiDeps['vault'], { id, sealed, shape }: StoredEndpoint) => ({
  target: openTarget(vault, id, sealed),
  shaping: openShaping(vault, shape),
});

const settingNames = Object.keys(endpointChange.shape);

function tagsOf(
  vault: ApiDeps['vault'],
  { sealed, shape, verification, ...stored }: StoredEndpoint,
  { target, shaping }: Opened,
): SettingsTags {
  const all = { ...stored, tls: null, ...target, ...shaping, verification: verification.method };
  return settingsTags(vault, stored.id, Object.fromEntries(Object.entries(all).filter(([name]) => settingNames.includes(name))));
}

/** Checks and encrypts the target of a new endpoint. Throws a 422. */
export function sealNewTarget(deps: TargetDeps, endpointId: string, given: EndpointTarget): SealedTarget {
  return sealTarget(deps.vault, endpointId, checked(deps, given, null));
}

/**
 * Changes the given parts of a target. A masked value (`***`) keeps the stored one. The returned function throws a 422.
 * `transform`: as the same change gives it.
 */
export function retarget(deps: TargetDeps, endpointId: string, change: Partial<EndpointTarget>, transform?: Transform | null): Retarget {
  return async (sealed, db) => {
    const before = openTarget(deps.vault, endpointId, sealed);
    const { url = before.url, headers = before.headers, auth = before.auth, tls = before.tls ?? null } = change;
    const after = checked(deps, { url, headers, auth, tls }, before);
    refuseTakenElsewhere(change, before);
    if (leadsToAnotherOrigin(change, before)) await refuseKeyElsewhere(deps, db, endpointId, transform);
    const shown = changedFields(['url', 'headers', 'auth', 'tls'], { tls: null, ...before }, after);
    return { ...sealTarget(deps.vault, endpointId, after), leadsElsewhere: url !== before.url, shown };
  };
}

function checked(deps: TargetDeps, given: EndpointTarget, before: EndpointTarget | null): EndpointTarget {
  const target = keepHidden(given, before);
  refuseBadUrl(deps, 'url', target.url, before?.url);
  if (target.auth?.type === 'oauth2') {
    refuseBadUrl(deps, 'auth.tokenUrl', target.auth.tokenUrl, before?.auth?.type === 'oauth2' ? before.auth.tokenUrl : undefined);
  }
  const problems = targetProblems(target);
  // an unchanged certificate is not checked again: once expired, it must not block other changes of its endpoint
  const certified = target.tls && given.tls !== before?.tls ? certificateProblems(target.tls, new Date()) : [];
  const all = problems.some(({ path }) => path === 'tls.key') ? problems : [...problems, ...certified];
  if (all.length > 0) throw invalid(all);
  return target;
}

function refuseTakenElsewhere(change: Partial<EndpointTarget>, before: EndpointTarget): void {
  const taken = takenElsewhere(change, before).map((name) => `\`${name}\``);
  if (taken.length === 0) return;
  const message = faultText('url_other_origin', { fields: taken.join(', ') });
  throw invalid([{ path: 'url', message }]);
}

function refuseBadUrl({ checkUrl }: TargetDeps, path: string, url: string, before: string | undefined): void {
  if (url === before) return;
  const verdict = checkUrl(url);
  if (!verdict.ok) throw invalid([{ path, message: verdict.reason }]);
}
