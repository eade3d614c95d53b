// Runs drains in this process without a workflow: while Temporal is away, or while the budget of workflows has no room.
// A drain here takes only a lane that no other drain owns. It does not wait for work that may come, and ends after 30 s,
// so that lanes take turns: the lane is due then, and is found again (src/relay/lanes-here.ts).
import { LRUCache } from 'lru-cache';
import type { Logger } from '#runtime/logger';
import type { Drain } from './drain-types.ts';

const maxDrainMs = 30_000;
/** How many lanes are remembered as logged. */
const loggedLanes = 10_000;

export interface LaneHere {
  endpointId: string;
  tenantId: string;
}

export interface DrainsHere {
  /**
   * Starts a drain, unless one runs for this endpoint, or too many run: `maxDrains` in all, or half of them for the same
   * tenant. True: it was started.
   */
  begin(lane: LaneHere): boolean;
  /** How many run. */
  running(): number;
  /** How many more may run. */
  room(): number;
  stop(): Promise<void>;
}

interface UnderWay {
  tenantId: string;
  ended: Promise<unknown>;
}

export function createDrainsHere(drain: Drain, maxDrains: number, log: Logger): DrainsHere {
  const stopping = new AbortController();
  const underWay = new Map<string, UnderWay>();
  const logged = new LRUCache<string, true>({ max: loggedLanes });

  function hasRoom(tenantId: string): boolean {
    const ofTenant = [...underWay.values()].filter((one) => one.tenantId === tenantId).length;
    return underWay.size < maxDrains && ofTenant < Math.max(1, maxDrains / 2);
  }

  async function run({ endpointId }: LaneHere): Promise<void> {
    if (!logged.has(endpointId)) log.info({ endpointId }, 'lane.drained_here');
    logged.set(endpointId, true);
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), maxDrainMs);
    try {
      await drain(endpointId, AbortSignal.any([stopping.signal, timeout.signal]));
    } catch (error) {
      log.warn({ err: error, endpointId }, 'lane.not_drained');
    } finally {
      clearTimeout(timer);
      underWay.delete(endpointId);
    }
  }

  return {
    begin(lane) {
      const { endpointId, tenantId } = lane;
      if (stopping.signal.aborted || underWay.has(endpointId) || !hasRoom(tenantId)) return false;
      underWay.set(endpointId, { tenantId, ended: Promise.resolve().then(() => run(lane)) });
      return true;
    },
    running: () => underWay.size,
    room: () => maxDrains - underWay.size,
    async stop() {
      stopping.abort();
      await Promise.all([...underWay.values()].map(({ ended }) => ended));
    },
  };
}
