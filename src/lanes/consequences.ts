// Applies the result of a request to the lane: marks earlier reads as stale, forgives failures,
// disables a failing endpoint, enables a recovered one. Called after each request. A result for an
// older version of the endpoint's target only marks reads as stale.
import { forgiveHealth } from '#db/endpoints/endpoint-health';
import { disableFailing, recoverFailing } from '#db/endpoints/failing-endpoints';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneRequestResult } from './lane-request.ts';

export interface ConsequencesDeps {
  db: Db;
  endpointId: string;
  throttle: EndpointThrottle;
  log: Logger;
  /** An endpoint without a success for so long is disabled. */
  disableAfterMs: number;
  probeDisabledEveryMs: number;
  /** The drain must read its endpoint and rows again before it sends more. */
  onStale(): void;
}

/** To be called for each request that has ended, after `throttle` has got its result. */
export type Consequences = (endpoint: LaneEndpoint, requestResult: LaneRequestResult, probe: boolean) => Promise<void>;

export function createConsequences(deps: ConsequencesDeps): Consequences {
  const { db, endpointId, throttle, log, onStale } = deps;

  return async (endpoint, requestResult, probe) => {
    if (requestResult.kind !== 'done') return;
    const { outcome, retryAfterMs } = requestResult.result;
    const isOpen = throttle.circuit().state === 'open';
    if (outcome === 'gone' || retryAfterMs !== null || isOpen !== probe) onStale();
    if (endpoint.targetVersion !== throttle.targetVersion()) return;
    if (outcome !== 'accepted') await judgeFailing(endpoint);
    else if (probe && endpoint.gate === 'disabled') await recoverFailing(db, endpoint, newId('alt'));
    if (probe && throttle.circuit().state === 'closed') await forgiveHealth(db, endpoint, throttle.failures(), throttle.failingSinceMs());
  };

  async function judgeFailing(endpoint: LaneEndpoint): Promise<void> {
    const { gate } = endpoint;
    const since = throttle.failingSinceMs();
    const isTooLong = since !== null && Date.now() - since > deps.disableAfterMs;
    if (!isTooLong && gate === 'open') return;
    throttle.disabled(Date.now() + deps.probeDisabledEveryMs);
    onStale();
    if (gate === 'open' && (await disableFailing(db, endpoint, newId('alt'), since ?? Date.now())))
      log.warn({ endpointId, since }, 'endpoint.disabled');
  }
}
