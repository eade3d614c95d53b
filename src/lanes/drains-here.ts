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
   * Starts a drain, unless too many run: `maxDrains` in all, or half of them for the same tenant. Where one runs for this
   * endpoint, which may be about to end, another follows it. True: one was started.
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
  /** Another drain was asked for meanwhile. */
  again: boolean;
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

  async function drainOnce(endpointId: string): Promise<void> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), maxDrainMs);
    try {
      await drain(endpointId, AbortSignal.any([stopping.signal, timeout.signal]));
    } catch (error) {
      log.warn({ err: error, endpointId }, 'lane.not_drained');
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(endpointId: string, one: UnderWay): Promise<void> {
    if (!logged.has(endpointId)) log.info({ endpointId }, 'lane.drained_here');
    logged.set(endpointId, true);
    do {
      one.again = false;
      await drainOnce(endpointId);
    } while (one.again && !stopping.signal.aborted);
    underWay.delete(endpointId);
  }

  return {
    begin({ endpointId, tenantId }) {
      const running = underWay.get(endpointId);
      if (running) running.again = true;
      if (stopping.signal.aborted || running || !hasRoom(tenantId)) return false;
      const one: UnderWay = { tenantId, again: false, ended: Promise.resolve() };
      underWay.set(endpointId, one);
      one.ended = run(endpointId, one);
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
