// Computes the concurrency limits and cache sizes of a process from the configuration and the
// machine. docs/performance-details.md says what each one is for and when to change it.
import { availableParallelism } from 'node:os';
import type { SlotLimits } from '#attempts/slots';
import type { Budget } from '#domain/events/dispatch-mode';
import type { Config } from './config.ts';

export interface Sizing {
  /** Limits of requests in flight: of the process, a tenant and an endpoint. */
  places: SlotLimits;
  /**
   * Activity slots: one for each request in flight, and some for work that must not wait for those: commands, pause and
   * resume, later pages, attempts without a slot.
   */
  activities: number;
  /** Concurrent drains of lanes. A drain mostly waits, for answers or for its rate limit. */
  lanes: number;
  /** Concurrent first attempts and dispatch pages. A page plans and starts about 500 deliveries at max. */
  localActivities: number;
  /** The workflows that adaptive mode starts before it batches. */
  budget: Budget;
  /** Concurrent workflow tasks. They only compute, so the number depends on the cores. */
  workflowTasks: number;
  /**
   * Open workflows cached in memory between their tasks. The others are replayed from history when they continue. Each
   * costs about 0.25 MiB, half of it outside V8's heap, and more of them leave more garbage. The default is the number of
   * requests that one tenant may have in flight.
   */
  cachedWorkflows: number;
  /**
   * Maximum size of each half of the young heap, in the thread that runs workflows. Without it that heap keeps about
   * 150 MiB of garbage.
   */
  workflowSemiSpaceMiB: number;
}

const slotsBesideRequests = 64;
/**
 * A delivery with a workflow of its own takes 40 to 50 ms of CPU, Temporal and PostgreSQL on the same machine included: half
 * of a core for workflows, half for everything else.
 */
const workflowsPerCoreAndSecond = 12;

export interface Machine {
  cores: number;
}

/** The cores this process may use. */
export function thisMachine(): Machine {
  return { cores: availableParallelism() };
}

export function sizingOf(config: Config, { cores }: Machine): Sizing {
  const process = config.POSTHORN_IN_FLIGHT;
  const tenant = Math.min(process, config.POSTHORN_IN_FLIGHT_PER_TENANT);
  const endpoint = Math.min(tenant, config.POSTHORN_IN_FLIGHT_PER_ENDPOINT);
  const cachedWorkflows = config.POSTHORN_CACHED_WORKFLOWS;
  const perSecond = config.POSTHORN_WORKFLOWS_PER_SECOND ?? workflowsPerCoreAndSecond * cores;
  return {
    places: { process, tenant, endpoint },
    activities: process + slotsBesideRequests,
    lanes: config.POSTHORN_LANES,
    localActivities: within(20 * cores, 20, 200),
    // half a second's worth may come at once: what starts a burst is individual, and costs as much as hundreds after it
    budget: { perSecond, burst: Math.max(perSecond / 2, 10) },
    // the SDK does not allow more of them than cached workflows
    workflowTasks: Math.min(within(20 * cores, 20, 200), cachedWorkflows),
    cachedWorkflows,
    workflowSemiSpaceMiB: 8,
  };
}

/**
 * The PostgreSQL connections of one process, by kind of work. Each kind has its own, so that none waits for another.
 */
export interface ConnectionShares {
  /**
   * Small statements that must not wait: the relay's lease, the checks every second that first attempts depend on,
   * LISTEN, readiness.
   */
  lease: number;
  /** Recording attempts, and the keys that encrypt the records. */
  recording: number;
  /** Accepting and dispatching events. */
  flow: number;
  /** API requests, except the acceptance of events. One tenant gets at max half of them. */
  callers: number;
  /** Statements of attempts and of event planning. */
  attempts: number;
  /** Statements of lane drains. */
  lanes: number;
}

/** Divides `total` connections, at min 12. A process without a worker gives nearly all of them to API requests. */
export function shareConnections(total: number, role: 'worker' | 'server'): ConnectionShares {
  if (role === 'server') {
    const flow = Math.max(2, Math.floor(total / 5));
    // one of them for LISTEN
    return { lease: 2, recording: 1, flow, callers: total - flow - 5, attempts: 1, lanes: 1 };
  }
  const lease = 3;
  const recording = total < 16 ? 2 : 4;
  const left = total - lease - recording;
  const callers = Math.floor(left / 3);
  const attempts = Math.max(1, Math.floor(left / 4));
  const lanes = Math.max(1, Math.floor(left / 6));
  return { lease, recording, flow: left - callers - attempts - lanes, callers, attempts, lanes };
}

function within(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
