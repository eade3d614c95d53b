// How a lane's endpoint stands: how many requests at once it may get, and whether it gets any or is only probed. What is learned here is left for the next
// drain (`facts`), so that a drain that ends forgets nothing.
import type { LaneFacts, TakenLane } from '../db/lanes.ts';
import { type Allowance, afterAccepted, afterRefused, freshAllowance } from '../domain/allowance.ts';
import { addOutcomes, type Circuit, type CircuitTimes, closed, noFailures, opened, probed, shouldOpen } from '../domain/circuit.ts';
import type { LaneWait } from '../domain/lane.ts';
import type { SendResult } from '../domain/outcome.ts';

export interface Standing {
  /** Requests at once, of at most `most`. */
  allowed(most: number): number;
  circuit(): Circuit;
  /** Unix milliseconds; null: the last attempt was accepted, or there was none. */
  failingSinceMs(): number | null;
  /** A request that was begun at `startedMs` ended so. */
  saw(result: SendResult, startedMs: number, most: number): void;
  /** The next probe is then, whatever the circuit's own times say. */
  probeAt(ms: number): void;
  /** The endpoint rests by somebody's will: it begins anew, slowly, when it goes on. */
  begunAnew(): void;
  facts(wait: LaneWait | null): LaneFacts;
}

export function createStanding(taken: TakenLane, times: CircuitTimes): Standing {
  let allowance = (taken.allowance as Allowance | null) ?? freshAllowance();
  let circuit = (taken.circuit as Circuit | null) ?? closed;
  let failures = noFailures();
  let failingSince = taken.failingSinceMs;

  function open(): void {
    circuit = opened(Date.now(), times);
    allowance = freshAllowance();
  }

  function accepted(most: number): void {
    failingSince = null;
    if (circuit.state === 'closed') {
      failures = addOutcomes(failures, { accepted: 1, refused: 0, trailingRefused: 0 }, Date.now());
      allowance = afterAccepted(allowance, most);
      return;
    }
    circuit = probed(circuit, true, Date.now(), times);
    // closed again, it ramps up, and what it refused before counts no more
    failures = noFailures();
    allowance = freshAllowance();
  }

  function refused(result: SendResult, startedMs: number): void {
    const nowMs = Date.now();
    failingSince ??= nowMs;
    if (circuit.state === 'open') {
      // late refusals of what was sent before it opened are no probes
      if (startedMs >= circuit.probeAtMs) circuit = probed(circuit, false, nowMs, times);
      return;
    }
    failures = addOutcomes(failures, { accepted: 0, refused: 1, trailingRefused: 1 }, nowMs);
    if (isTooMuch(result)) allowance = afterRefused(allowance, startedMs, nowMs);
    if (shouldOpen(failures, nowMs)) open();
  }

  return {
    allowed: (most) => (circuit.state === 'open' ? 1 : Math.max(1, Math.min(most, allowance.allowed))),
    circuit: () => circuit,
    failingSinceMs: () => failingSince,
    saw(result, startedMs, most) {
      if (result.outcome === 'accepted') accepted(most);
      else refused(result, startedMs);
    },
    probeAt(ms) {
      if (circuit.state === 'open') circuit = { ...circuit, probeAtMs: ms };
    },
    begunAnew() {
      failingSince = null;
      allowance = freshAllowance();
    },
    facts: (wait) => ({
      allowance,
      circuit: circuit.state === 'closed' ? null : circuit,
      failingSinceMs: failingSince,
      stateReason: wait,
    }),
  };
}

/** Anything but a plain no to this one event. */
function isTooMuch({ response }: SendResult): boolean {
  const status = response?.statusCode;
  return status === undefined || status < 400 || status >= 500 || status === 408 || status === 429;
}
