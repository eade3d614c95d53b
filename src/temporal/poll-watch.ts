// Watches the polls of this process's Temporal workers by the metrics of the SDK, the only source that tells an answered
// poll from a refused one. Called with each update that the SDK reports; one watch for each process.
import type { BufferedMetricUpdate } from '@temporalio/worker';
import { PollHealth } from '#domain/poll-health';

/** A worker polls for each kind separately. */
export type PollKind = 'workflow' | 'activity';

export interface Poller {
  namespace: string;
  taskQueue: string;
  kind: PollKind;
}

type Sign = 'begun' | 'failed' | 'answered' | 'slots';

/** What an update says about the polls of its kind. The SDK's names, with its prefix. */
const signs: Record<string, { sign: Sign; kind?: PollKind }> = {
  temporal_long_request: { sign: 'begun' },
  temporal_long_request_failure: { sign: 'failed' },
  temporal_workflow_task_queue_poll_empty: { sign: 'answered', kind: 'workflow' },
  temporal_workflow_task_queue_poll_succeed: { sign: 'answered', kind: 'workflow' },
  temporal_workflow_task_execution_latency: { sign: 'answered', kind: 'workflow' },
  temporal_activity_poll_no_task: { sign: 'answered', kind: 'activity' },
  temporal_activity_schedule_to_start_latency: { sign: 'answered', kind: 'activity' },
  temporal_activity_execution_latency: { sign: 'answered', kind: 'activity' },
  temporal_worker_task_slots_available: { sign: 'slots' },
};

/** By the labels `operation` and `worker_type`. */
const kinds: Record<string, PollKind> = {
  PollWorkflowTaskQueue: 'workflow',
  PollActivityTaskQueue: 'activity',
  WorkflowWorker: 'workflow',
  ActivityWorker: 'activity',
};

class PollWatch {
  readonly #pollers = new Map<string, PollHealth>();
  readonly #clock: () => number;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  record({ metric, value, attributes }: BufferedMetricUpdate): void {
    const said = signs[metric.name];
    const kind = said?.kind ?? kinds[String(attributes.operation ?? attributes.worker_type)];
    if (!said || !kind) return;
    const health = this.#of({ namespace: String(attributes.namespace), taskQueue: String(attributes.task_queue), kind });
    if (said.sign === 'slots') health.freeSlots(value);
    else health[said.sign](this.#clock());
  }

  isPolling(poller: Poller): boolean {
    return this.#pollers.get(keyOf(poller))?.isPolling(this.#clock()) ?? false;
  }

  /** A new worker begins: what an earlier one did says nothing about it. */
  forget(poller: Poller): void {
    this.#pollers.delete(keyOf(poller));
  }

  #of(poller: Poller): PollHealth {
    const key = keyOf(poller);
    const health = this.#pollers.get(key) ?? new PollHealth();
    this.#pollers.set(key, health);
    return health;
  }
}

/** Of this process. */
export const pollWatch = new PollWatch();

const keyOf = ({ namespace, taskQueue, kind }: Poller) => JSON.stringify([namespace, taskQueue, kind]);
