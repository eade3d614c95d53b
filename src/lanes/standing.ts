// How a lane's endpoint stands: how many requests at once it may get, and whether it gets any or is only probed. What is learned here is left for the next
// drain (`facts`), so that a drain that ends forgets nothing.
import type { LaneFacts, TakenLane } from '../db/lane-ownership.ts';
import { type Allowance, afterAccepted, afterRefused, freshAllowance } from '../domain/allowance.ts';
import {
  addOutcomes,
  type Circuit,
  type CircuitTimes,
  closed,
  type Failures,
  noFailures,
  opened,
  probed,
  shouldOpen,
} from '../domain/circuit.ts';
import type { LaneWait } from '../domain/lane.ts';
import { isPlainNo, type SendResult } from '../domain/outcome.ts';

export interface Standing {
  /** Requests at once, of at most `most`. */
  allowed(most: number): number;
  circuit(): Circuit;
  /** How many probes it was sent since the circuit opened. */
  probes(): number;
  /** Unix milliseconds; null: the last attempt was accepted, or there was none. */
  failingSinceMs(): number | null;
  /** A request that was begun at `startedMs` ended so. */
  saw(result: SendResult, startedMs: number, most: number): void;
  /** It is disabled: from now on it is only probed, and next then, whatever the circuit's own times say. */
  disabled(nextProbeAtMs: number): void;
  /** Its gate is open: if it was disabled, it is probed at once. */
  enabled(): void;
  /** The endpoint rests by somebody's will: it begins anew, slowly, when it goes on. */
  begunAnew(): void;
  facts(wait: LaneWait | null): LaneFacts;
}

/** As it stands in the lane's row. */
type Left = Circuit & { failures?: Failures; disabled?: boolean };

export function createStanding(taken: TakenLane, times: CircuitTimes): Standing {
  let allowance = (taken.allowance as Allowance | null) ?? (taken.reason === 'cap' ? fullAllowance() : freshAllowance());
  const left = taken.circuit as Left | null;
  let circuit: Circuit = left?.state === 'open' ? left : closed;
  let failures = left?.failures ?? noFailures();
  let isDisabled = left?.disabled ?? false;
  let failingSince = taken.failingSinceMs;

  function open(): void {
    circuit = opened(Date.now(), times);
    allowance = freshAllowance();
  }

  function accepted(startedMs: number, most: number): void {
    failingSince = null;
    if (circuit.state === 'closed') {
      failures = addOutcomes(failures, { accepted: 1, refused: 0, trailingRefused: 0 }, Date.now());
      allowance = afterAccepted(allowance, most);
      return;
    }
    // what was sent before it opened is no probe
    if (startedMs < circuit.probeAtMs) return;
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
    if (!isPlainNo(result)) allowance = afterRefused(allowance, startedMs, nowMs);
    if (shouldOpen(failures, nowMs)) open();
  }

  return {
    allowed: (most) => (circuit.state === 'open' ? 1 : Math.max(1, Math.min(most, allowance.allowed))),
    circuit: () => circuit,
    probes: () => (circuit.state === 'open' ? circuit.refusedProbes + circuit.acceptedProbes : 0),
    failingSinceMs: () => failingSince,
    saw(result, startedMs, most) {
      if (result.outcome === 'accepted') accepted(startedMs, most);
      else refused(result, startedMs);
    },
    disabled(nextProbeAtMs) {
      if (circuit.state === 'closed') open();
      if (circuit.state === 'open') circuit = { ...circuit, probeAtMs: nextProbeAtMs };
      isDisabled = true;
    },
    enabled() {
      if (isDisabled && circuit.state === 'open') circuit = { ...circuit, probeAtMs: Math.min(circuit.probeAtMs, Date.now()) };
      isDisabled = false;
    },
    begunAnew() {
      failingSince = null;
      allowance = freshAllowance();
    },
    facts: (wait) => ({
      allowance,
      circuit: circuit.state === 'closed' && failures.inRow === 0 ? null : { ...circuit, failures, disabled: isDisabled },
      failingSinceMs: failingSince,
      stateReason: wait,
    }),
  };
}

/** It is well, and gets more than it takes: it goes on as it did without a lane. */
function fullAllowance(): Allowance {
  return { ...freshAllowance(), allowed: 10_000 };
}
