// Applies the result of a lane's request: to the queue of each row, and to the endpoint, which is
// disabled when it failed for too long and enabled when it has recovered. Called after each request.
// A result for an older version of the endpoint's target does not change the endpoint.
import { forgiveHealth } from '#db/endpoints/endpoint-health';
import { disableFailing, recoverFailing } from '#db/endpoints/failing-endpoints';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Db } from '#db/store/pool';
import type { SendResult } from '#domain/deliveries/outcome';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneQueues } from './lane-queues.ts';
import { type LaneRequestResult, ourPauseMs } from './lane-request.ts';

export interface ApplyResultDeps {
  db: Db;
  throttle: EndpointThrottle;
  log: Logger;
  /** An endpoint without a success for so long is disabled. */
  disableAfterMs: number;
  probeDisabledEveryMs: number;
}

export interface Applied {
  /** The drain must read its endpoint and rows again before it sends more. */
  stale: boolean;
  /** Resolves when the endpoint's changes are committed. Rejects when PostgreSQL is away. */
  stored: Promise<void>;
}

/** To be called when the throttle has the result. */
export function applyResult(deps: ApplyResultDeps, endpoint: LaneEndpoint, result: SendResult, probe: boolean): Applied {
  const { throttle, disableAfterMs, probeDisabledEveryMs } = deps;
  const isOpen = throttle.circuit().state === 'open';
  const stale = result.outcome === 'gone' || result.retryAfterMs !== null || isOpen !== probe;
  if (endpoint.targetVersion !== throttle.targetVersion()) return { stale, stored: Promise.resolve() };
  const sinceMs = throttle.failingSinceMs();
  const failsTooLong = sinceMs !== null && Date.now() - sinceMs > disableAfterMs;
  const disables = result.outcome !== 'accepted' && (failsTooLong || endpoint.gate !== 'open');
  if (disables) throttle.disabled(Date.now() + probeDisabledEveryMs);
  return { stale: stale || disables, stored: store(deps, endpoint, { disables, recovers: result.outcome === 'accepted' && probe, probe }) };
}

async function store(
  { db, throttle, log }: ApplyResultDeps,
  endpoint: LaneEndpoint,
  { disables, recovers, probe }: { disables: boolean; recovers: boolean; probe: boolean },
): Promise<void> {
  const { endpointId, gate } = endpoint;
  const since = throttle.failingSinceMs();
  if (disables && gate === 'open' && (await disableFailing(db, endpoint, newId('alr'), since ?? Date.now())))
    log.warn({ endpointId, since }, 'endpoint.disabled');
  if (recovers && gate === 'disabled') await recoverFailing(db, endpoint, newId('alr'));
  if (probe && throttle.circuit().state === 'closed') await forgiveHealth(db, endpoint, throttle.failures(), throttle.failingSinceMs());
}

/** The row is done, waits for its retry, or pauses because it was not sent. */
export function applyToRow(
  queues: LaneQueues,
  { ordering }: LaneEndpoint,
  row: HeldDelivery,
  result: LaneRequestResult,
  probe: boolean,
): void {
  const status = result.kind === 'done' ? result.statuses.get(row.deliveryId) : undefined;
  if (result.kind === 'ours') queues.pause(row, Date.now() + result.waitMs);
  // the batch was sent without this delivery
  else if (status === undefined) queues.pause(row, Date.now() + ourPauseMs);
  else if (ordering === 'none' || status === 'succeeded') queues.done(row);
  else {
    // a new dead letter may block its line, a delivery cancelled meanwhile does not: read the line again
    const waits = !probe && result.retryInMs !== null && status === 'held';
    queues.wait(row, waits ? Date.now() + (result.retryInMs ?? 0) : null);
  }
}
