// What an answer means for the lane as a whole: what was read before it is not to be acted on, the circuit is closed for good, the endpoint is disabled or well again.
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
  /** Without a success for so long the endpoint is disabled. */
  disableAfterMs: number;
  probeDisabledEveryMs: number;
  /** What was seen of the endpoint is out of date. */
  onStale(): void;
}

/** To be told of each request that has ended, after what it says is known to `standing`. */
export type Consequences = (endpoint: LaneEndpoint, shipped: LaneRequestResult, probe: boolean) => Promise<void>;

export function createConsequences(deps: ConsequencesDeps): Consequences {
  const { db, endpointId, throttle, log, onStale } = deps;

  return async (endpoint, shipped, probe) => {
    if (shipped.kind !== 'done') return;
    const { outcome, retryAfterMs } = shipped.result;
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
