// How much a worker process does at once: every slot, cap and cache of it in one place, from the configuration and the machine.
// docs/performance.md says what each is for and when to change it.
import { availableParallelism } from 'node:os';
import type { SlotLimits } from '#attempts/places';
import type { Config } from './config.ts';

export interface Sizing {
  /** Requests in flight. */
  places: SlotLimits;
  /** Activity slots: one for each request in flight, and some for what must not wait for those: orders, gates, later pages, attempts without a place. */
  activities: number;
  /** Drains of lanes at once: mostly waiting, for answers or for their rate. */
  lanes: number;
  /** Dispatch pages at once: each plans and starts some 500 deliveries at most. */
  localActivities: number;
  /** Workflow tasks at once: pure computing, so some for each core. */
  workflowTasks: number;
  /**
   * Open workflows kept in memory between their tasks; the others are replayed when they wake. Each costs some 0.25 MiB, half of it outside V8's heap, and more of
   * them leave more garbage (docs/performance.md). As many as one tenant may have requests in flight.
   */
  cachedWorkflows: number;
  /** V8's `--max-semi-space-size` for the thread that runs workflows: with the default that thread keeps some 100 MiB more of garbage. */
  workflowSemiSpaceMiB: number;
}

const slotsBesideRequests = 64;

export interface Machine {
  cores: number;
}

/** What this process may use: of a container its limits, else the machine. */
export function thisMachine(): Machine {
  return { cores: availableParallelism() };
}

export function sizingOf(config: Config, { cores }: Machine): Sizing {
  const process = config.POSTHORN_IN_FLIGHT;
  const tenant = Math.min(process, config.POSTHORN_IN_FLIGHT_PER_TENANT);
  const endpoint = Math.min(tenant, config.POSTHORN_IN_FLIGHT_PER_ENDPOINT);
  const cachedWorkflows = config.POSTHORN_CACHED_WORKFLOWS;
  return {
    places: { process, tenant, endpoint },
    activities: process + slotsBesideRequests,
    lanes: config.POSTHORN_LANES,
    localActivities: within(10 * cores, 10, 100),
    // the SDK wants no more of them than workflows fit in its cache
    workflowTasks: Math.min(within(20 * cores, 20, 200), cachedWorkflows),
    cachedWorkflows,
    workflowSemiSpaceMiB: 8,
  };
}

/** How the connections of one process are divided. Each kind of work has its own, so that none of it waits for another's. */
export interface ConnectionShares {
  /** The relay's lease, the looks each second that first attempts depend on, LISTEN, readiness: small statements that must not wait. */
  lease: number;
  /** Records of attempts, and the keys that seal them. */
  recording: number;
  /** Accepting events and moving them on. */
  flow: number;
  /** What callers of the API ask for, but for the acceptance of events. One tenant gets half of them at most. */
  callers: number;
  /** What attempts and the planning of events read and write. */
  attempts: number;
  /** Drains of lanes. */
  lanes: number;
}

/** Fewer than 12 cannot be divided. A process without a worker leaves nearly all to its callers. */
export function shareConnections(total: number, role: 'worker' | 'server'): ConnectionShares {
  if (role === 'server') {
    const flow = Math.max(2, Math.floor(total / 5));
    return { lease: 1, recording: 1, flow, callers: total - flow - 4, attempts: 1, lanes: 1 };
  }
  const lease = 3;
  const recording = total < 16 ? 2 : 4;
  const left = total - lease - recording;
  const callers = Math.floor(left / 3);
  const attempts = Math.max(1, Math.floor(left / 4));
  const lanes = Math.max(1, Math.floor(left / 6));
  return { lease, recording, flow: left - callers - attempts - lanes, callers, attempts, lanes };
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
