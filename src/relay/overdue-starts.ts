// Starts the workflows of overdue work again, for the sweep. Work whose workflow is open although it stays overdue is
// looked into at the third try: a workflow that cannot go on is ended and started again, one that waits is told to look.
import { deliveryWorkflowId, dispatchWorkflowId, laneWorkflowId } from '#contract/workflow-contract';
import type { OverdueDelivery } from '#db/deliveries/delivery-refs';
import type { LaneRef } from '#db/lanes/lanes';
import type { Logger } from '#runtime/logger';
import type { LaneWaker } from '#temporal/lane-waker';
import { TemporalAway } from '#temporal/link';
import type { DispatchRef, Starter } from '#temporal/starter';
import type { Progress } from '#temporal/stuck-workflow';
import type { RetryTimes } from './retry-times.ts';
import { startAll } from './start-all.ts';

const lookedIntoAt = 3;
/** After so many refusals and no start, Temporal refuses everything. */
const refusalsThatMeanAway = 16;

export interface OverdueStartsDeps {
  starter: Starter;
  waker: Pick<LaneWaker, 'signal'>;
  log: Logger;
}

/** The starts of one sweep. All throw TemporalAway, also when Temporal refuses every start. */
export class OverdueStarts {
  readonly #deps: OverdueStartsDeps;
  readonly #times: RetryTimes;
  readonly #stopping: AbortSignal;
  readonly refusals: unknown[] = [];
  #obeyed = 0;

  /** `times`: kept from sweep to sweep. */
  constructor(deps: OverdueStartsDeps, times: RetryTimes, stopping: AbortSignal) {
    this.#deps = deps;
    this.#times = times;
    this.#stopping = stopping;
  }

  /** Returns how many were not backing off. */
  dispatches(overdue: DispatchRef[]): Promise<number> {
    const { starter } = this.#deps;
    return this.#startDue(
      overdue,
      (dispatch) => dispatchWorkflowId(dispatch.dispatchId),
      async (dispatch, id, times) => {
        const start = () => starter.startDispatch(dispatch);
        if ((await start()) === 'open' && times >= lookedIntoAt && (await this.#endIfStuck(id)) === 'stuck') await start();
      },
    );
  }

  /** `mayStart`: asked for those that are not backing off, in their order. */
  deliveries(overdue: OverdueDelivery[], mayStart: (delivery: OverdueDelivery) => boolean): Promise<number> {
    const { starter } = this.#deps;
    return this.#startDue(
      overdue,
      (delivery) => deliveryWorkflowId(delivery.deliveryId),
      async (delivery, id, times) => {
        if ((await starter.startDelivery(delivery, 'sweep')) === 'started' || times < lookedIntoAt) return;
        if ((await this.#endIfStuck(id)) !== 'working') await starter.look(delivery, 'sweep');
      },
      mayStart,
    );
  }

  lanes(overdue: LaneRef[]): Promise<number> {
    const { waker } = this.#deps;
    return this.#startDue(
      overdue,
      (lane) => laneWorkflowId(lane.endpointId),
      async (lane, id, times) => {
        if (times >= lookedIntoAt) await this.#endIfStuck(id);
        await waker.signal(lane);
      },
    );
  }

  /** Runs other calls to Temporal, with the same treatment of refusals. */
  async each<T>(items: T[], run: (item: T) => Promise<void>): Promise<void> {
    await startAll(items, (item) => this.#try(run(item)), this.#stopping);
  }

  logRefusals(): void {
    const refused = this.refusals.length;
    if (refused > 0) this.#deps.log.warn({ err: this.refusals[0], refused }, 'relay.starts_refused');
  }

  async #startDue<T>(
    overdue: T[],
    idOf: (item: T) => string,
    start: (item: T, id: string, times: number) => Promise<void>,
    mayStart = (_item: T) => true,
  ): Promise<number> {
    const due = overdue.filter((item) => this.#times.isDue(idOf(item)) && mayStart(item));
    await this.each(due, async (item) => {
      const id = idOf(item);
      try {
        await start(item, id, this.#times.tried(id));
      } catch (error) {
        // so it is due in the next sweep, which finds out again that Temporal is away, and drains lanes here
        if (error instanceof TemporalAway) this.#times.forget(id);
        throw error;
      }
    });
    return due.length;
  }

  /** A start that Temporal refuses does not stop the others. */
  async #try(starting: Promise<void>): Promise<void> {
    try {
      await starting;
      this.#obeyed++;
    } catch (error) {
      if (error instanceof TemporalAway) throw error;
      this.refusals.push(error);
      if (this.#obeyed === 0 && this.refusals.length >= refusalsThatMeanAway)
        throw new TemporalAway('Temporal refuses every start', { cause: error });
    }
  }

  async #endIfStuck(workflowId: string): Promise<Progress | null> {
    const progress = await this.#deps.starter.endIfStuck(workflowId);
    if (progress === 'stuck') this.#deps.log.error({ workflowId }, 'sweep.stuck_workflow_ended');
    return progress;
  }
}
