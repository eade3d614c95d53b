// Builds the API view of attempts. The request of an attempt is put together from what its row
// stores, from the event, and from the target that the endpoint had at that time.
import { type ListedAttempt, listAttempts } from '#db/deliveries/attempt-lists';
import { type RequestContext, readRequestContext } from '#db/deliveries/request-context';
import { type Caller, may } from '#domain/access/access';
import type { ShownTarget } from '#domain/endpoints/endpoint-target';
import type { AttemptView } from '#domain/views/delivery-view';
import { showRequest } from '#domain/views/sent-request';
import { openPastTarget, openTarget, showTarget } from '#sealing/endpoint-target-encryption';
import type { ApiDeps } from '../deps.ts';

type Deps = Pick<ApiDeps, 'db' | 'contents' | 'vault'>;

/** Attempts before the attempt `before`, newest first. A caller without `endpoints:read` sees less of their requests. */
export async function showAttempts(
  deps: Deps,
  caller: Caller,
  deliveryId: string,
  before: string | null,
  limit: number,
): Promise<AttemptView[]> {
  const listed = await listAttempts(deps.db, deps.contents, deliveryId, before, limit);
  const versions = [...new Set(listed.flatMap(({ sent }) => sent?.targetVersion ?? []))];
  const context = versions.length === 0 ? null : await readRequestContext(deps.db, deliveryId, versions);
  const targets = new Map(context && versions.map((version) => [version, targetOf(deps, context, version)]));
  return listed.map((one) => ({ ...one.attempt, request: requestOf(one, context, targets, may(caller, 'endpoints:read')) }));
}

function requestOf(
  { attempt, sent, startedAt, batchId }: ListedAttempt,
  context: RequestContext | null,
  targets: Map<number, ShownTarget | null>,
  showsEndpoint: boolean,
): AttemptView['request'] {
  const target = sent && targets.get(sent.targetVersion);
  if (!sent || !context || !target) return null;
  const { number, delivery: deliveryId } = attempt;
  const { endpointId, event } = context;
  return showRequest({ sent, target, startedAt, number, deliveryId, endpointId, batchId, event }, showsEndpoint);
}

/** Null: it is not known any more. */
function targetOf({ vault }: Deps, { endpointId, current, past }: RequestContext, version: number): ShownTarget | null {
  if (version === current.version) return showTarget(openTarget(vault, endpointId, current.sealed));
  const sealed = past.get(version);
  return sealed ? openPastTarget(vault, endpointId, sealed) : null;
}
