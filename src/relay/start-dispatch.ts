// Starts the workflows of dispatches, and so finds out whether Temporal works: any start that fails counts as away, also
// one that is refused. If a start fails or is lost, the dispatch row guards its events, and the sweep starts it again.
import type { PlanInput } from '#contract/workflow-contract';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import type { Logger } from '#runtime/logger';
import { TemporalRefused } from '#temporal/link';
import type { DispatchRef, Starter } from '#temporal/starter';

export interface DispatchStartsDeps {
  starter: Pick<Starter, 'startDispatch' | 'startDelivery'>;
  log: Logger;
  modes: Pick<ModeSwitch, 'isTemporalAway' | 'setTemporalAway' | 'noteStart'>;
}

/** The only delivery of an event. */
export interface OnlyDelivery {
  eventId: string;
  delivery: DeliveryRef;
}

const planOf = ({ dispatchId }: DispatchRef, { eventId, delivery: { endpointId } }: OnlyDelivery): PlanInput => ({
  dispatchId,
  eventId,
  endpointId,
});

export class DispatchStarts {
  readonly #deps: DispatchStartsDeps;
  /** Aborted when the relay stops: a later lease of the process may know better. */
  readonly #stopping: AbortSignal;
  #underWay = 0;

  constructor(deps: DispatchStartsDeps, stopping: AbortSignal) {
    this.#deps = deps;
    this.#stopping = stopping;
  }

  /**
   * Tries once. `only`: the single delivery of the dispatch, whose workflow is started in place of the dispatch's and
   * plans it. Never rejects.
   */
  async start(dispatch: DispatchRef, only?: OnlyDelivery): Promise<'started' | 'refused' | 'away'> {
    const { starter, log, modes } = this.#deps;
    this.#underWay++;
    const startedAt = performance.now();
    try {
      if (only) await starter.startDelivery(only.delivery, `dispatch ${dispatch.dispatchId}`, planOf(dispatch, only));
      else await starter.startDispatch(dispatch);
      modes.noteStart(performance.now() - startedAt, Date.now());
      this.#found(false);
      return 'started';
    } catch (error) {
      if (!modes.isTemporalAway()) log.warn({ err: error, dispatchId: dispatch.dispatchId }, 'relay.start_failed');
      this.#found(true);
      return error instanceof TemporalRefused ? 'refused' : 'away';
    } finally {
      this.#underWay--;
    }
  }

  /** The same, for a dispatch that may be left to the sweep: while Temporal is away, one start at a time tests it. */
  async startUnlessTested(dispatch: DispatchRef, only?: OnlyDelivery): Promise<void> {
    if (this.#stopping.aborted) return;
    if (!this.#deps.modes.isTemporalAway() || this.#underWay === 0) await this.start(dispatch, only);
  }

  /** Said at every start, not only on a change: an earlier lease of this process may have said the opposite. */
  #found(away: boolean): void {
    if (!this.#stopping.aborted) this.#deps.modes.setTemporalAway(away);
  }
}
