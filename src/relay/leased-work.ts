// A relay's lease with the work under it: the flow of events, and the pump. They end together.
import type { Lease } from '#domain/relay-lease';
import { EventFlow, type EventFlowDeps } from './event-flow.ts';
import { Pump, type PumpedInFlight } from './pump.ts';

export class LeasedWork {
  readonly lease: Lease;
  readonly flow: EventFlow;
  readonly pump: Pump;

  constructor(lease: Lease, deps: EventFlowDeps, inFlight: PumpedInFlight) {
    const { pump, modes, log, reached } = deps;
    const { expiresAfterMs } = deps.timings.relay;
    this.lease = lease;
    this.flow = new EventFlow(lease, deps);
    this.pump = new Pump(lease, { ...pump, checks: deps.lease, inFlight, modes, expiresAfterMs, log, reached });
  }

  /** Goes on with what was left to this lease. */
  takeOver(): void {
    this.flow.readSoon();
    this.pump.lookSoon();
  }

  /** Begins nothing more. Resolves when the attempts and dispatches in progress have ended and are recorded. */
  async stop(): Promise<void> {
    await Promise.all([this.flow.stop(), this.pump.stop()]);
  }
}
