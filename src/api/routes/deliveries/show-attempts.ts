// Builds the API view of attempts. The request of an attempt is put together from what its row
// stores, from the event, and from the target that the endpoint had at that time.
import { type ListedAttempt, listAttempts, readAttempt } from '#db/deliveries/attempt-lists';
import { type RequestContext, readRequestContext } from '#db/deliveries/request-context';
import { type Caller, may } from '#domain/access/access';
import type { ShownTarget } from '#domain/endpoints/endpoint-target';
import type { AttemptDetails } from '#domain/views/attempt-details';
import type { AttemptView } from '#domain/views/delivery-view';
import { type RequestSource, showRequest } from '#domain/views/sent-request';
import { openPastTarget, openTarget, showTarget } from '#sealing/endpoint-target-encryption';
import { inspectAttempt } from '#sent-requests/inspect-attempt';
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
  return (await withRequests(deps, deliveryId, listed)).map(({ attempt, requestFor }) => ({ ...attempt, request: requestFor(caller) }));
}

/** One attempt, what it sent, and whether its signature is right. Null: the delivery has no such attempt. */
export async function showAttempt(deps: Deps, caller: Caller, deliveryId: string, attemptId: string): Promise<AttemptDetails | null> {
  const listed = await readAttempt(deps.db, deps.contents, deliveryId, attemptId);
  const [found] = listed ? await withRequests(deps, deliveryId, [listed]) : [];
  if (!listed || !found) return null;
  const { sent, startedAt, batchId } = listed;
  const shown = found.source && showRequest(found.source, true);
  const inspected = sent &&
    found.source &&
    shown && { attempt: { deliveryId, sent, startedAt, batchId }, endpointId: found.source.endpointId, shown };
  return { ...found.attempt, request: found.requestFor(caller), ...(await inspectAttempt(deps, inspected)) };
}

interface WithRequest {
  attempt: ListedAttempt['attempt'];
  /** Null: its request is not known. */
  source: RequestSource | null;
  requestFor(caller: Caller): AttemptView['request'];
}

async function withRequests(deps: Deps, deliveryId: string, listed: ListedAttempt[]): Promise<WithRequest[]> {
  const versions = [...new Set(listed.flatMap(({ sent }) => sent?.targetVersion ?? []))];
  const context = versions.length === 0 ? null : await readRequestContext(deps.db, deliveryId, versions);
  const targets = new Map(context && versions.map((version) => [version, targetOf(deps, context, version)]));
  return listed.map((one) => {
    const source = sourceOf(one, context, targets);
    return { attempt: one.attempt, source, requestFor: (caller) => source && showRequest(source, may(caller, 'endpoints:read')) };
  });
}

function sourceOf(
  { attempt, sent, startedAt, batchId }: ListedAttempt,
  context: RequestContext | null,
  targets: Map<number, ShownTarget | null>,
): RequestSource | null {
  const target = sent && targets.get(sent.targetVersion);
  if (!sent || !context || !target) return null;
  const { number, delivery: deliveryId } = attempt;
  const { endpointId, event } = context;
  return { sent, target, startedAt, number, deliveryId, endpointId, batchId, event };
}

/** Null: it is not known any more. */
function targetOf({ vault }: Deps, { endpointId, current, past }: RequestContext, version: number): ShownTarget | null {
  if (version === current.version) return showTarget(openTarget(vault, endpointId, current.sealed));
  const sealed = past.get(version);
  return sealed ? openPastTarget(vault, endpointId, sealed) : null;
}
