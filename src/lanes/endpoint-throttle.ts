// How a lane's endpoint stands: how many requests at once it may get, and whether it gets any or is only probed. What is learned here is left for the next
// drain (`facts`), so that a drain that ends forgets nothing.
import type { LaneFacts, TakenLane } from '#db/lanes/lane-ownership';
import { type Allowance, afterAccepted, afterRefused, freshAllowance } from '#domain/allowance';
import {
  addSeen,
  type Circuit,
  type CircuitTimes,
  closed,
  type Failures,
  failsAlone,
  forgiven,
  noFailures,
  opened,
  probed,
  shouldOpen,
} from '#domain/circuit';
import type { LaneWait } from '#domain/lane';
import { isSignOfLife, type SendResult, type Sign, signOf } from '#domain/outcome';

export interface EndpointThrottle {
  /** Requests at once, of at most `most`. */
  allowed(most: number): number;
  circuit(): Circuit;
  /** What its probes are chosen by, while the circuit is open. */
  probing(): { failures: Failures; refusedProbes: number } | null;
  /** What counts against it, and which event types fail. */
  failures(): Failures;
  /** Unix milliseconds; null: the last attempt was accepted, or there was none. */
  failingSinceMs(): number | null;
  /** A request that was begun at `startedMs`, with events of this type ('': a batch), ended so. */
  saw(result: SendResult, type: string, startedMs: number, most: number): void;
  /** Another process has opened the circuit of a lane that was released: it is as the lane's row says. */
  reopened(circuit: unknown, failingSinceMs: number | null): void;
  /** It is disabled: from now on it is only probed, and next then, whatever the circuit's own times say. */
  disabled(nextProbeAtMs: number): void;
  /** Its gate is open: if it was disabled, it is probed at once. */
  enabled(): void;
  /** Somebody wants it sent to now: while its circuit is open, it is probed at once. */
  probeNow(): void;
  /** Which version of the endpoint's target all of this was learnt of. */
  targetVersion(): number;
  /** The endpoint leads elsewhere since this version: what was learnt of where it led before is forgotten. */
  moved(targetVersion: number): void;
  /** The endpoint rests by somebody's will: it begins anew, slowly, when it goes on. */
  resetThrottle(): void;
  facts(wait: LaneWait | null): LaneFacts;
}

/** As it stands in the lane's row. */
type Left = Circuit & { failures?: Failures; disabled?: boolean };

export function createEndpointThrottle(taken: TakenLane, times: CircuitTimes): EndpointThrottle {
  let allowance = (taken.allowance as Allowance | null) ?? (taken.reason === 'cap' ? fullAllowance() : freshAllowance());
  const left = taken.circuit as Left | null;
  let circuit: Circuit = left?.state === 'open' ? left : closed;
  let failures = left?.failures ?? noFailures();
  let isDisabled = left?.disabled ?? false;
  let failingSince = taken.failingSinceMs;
  let { targetVersion } = taken;

  function open(): void {
    circuit = opened(Date.now(), times);
    allowance = freshAllowance();
  }

  /** Late answers to what was sent before the circuit opened are no probes. */
  function probe(type: string, sign: Sign, startedMs: number): void {
    if (circuit.state === 'closed' || startedMs < circuit.probeAtMs) return;
    circuit = probed(circuit, type, isSignOfLife(sign), Date.now(), times);
    // while it is probed, and once it is closed again, the ramp begins anew, and what failed before counts no more
    if (isSignOfLife(sign)) {
      failures = forgiven(failures);
      allowance = freshAllowance();
    }
  }

  function send(type: string, sign: Sign, startedMs: number, most: number): void {
    if (isSignOfLife(sign)) allowance = afterAccepted(allowance, most);
    else if (!failsAlone(failures, type)) allowance = afterRefused(allowance, startedMs, Date.now());
    if (shouldOpen(failures, Date.now())) open();
  }

  function probeNow(): void {
    if (circuit.state === 'open') circuit = { ...circuit, probeAtMs: Math.min(circuit.probeAtMs, Date.now()) };
  }

  const isWell = () => circuit.state === 'closed' && failures.inRow === 0 && failures.types.length === 0;

  return {
    allowed: (most) => (circuit.state === 'open' ? 1 : Math.max(1, Math.min(most, allowance.allowed))),
    circuit: () => circuit,
    probing: () => (circuit.state === 'open' ? { failures, refusedProbes: circuit.refusedProbes } : null),
    failures: () => failures,
    failingSinceMs: () => failingSince,
    saw(result, type, startedMs, most) {
      const sign = signOf(result);
      failingSince = sign === 'accepted' ? null : (failingSince ?? Date.now());
      failures = addSeen(failures, [{ type, sign, times: 1 }], Date.now());
      if (circuit.state === 'open') probe(type, sign, startedMs);
      else send(type, sign, startedMs, most);
    },
    reopened(row, sinceMs) {
      const now = row as Left | null;
      if (circuit.state === 'open' || now?.state !== 'open') return;
      circuit = now;
      failures = now.failures ?? failures;
      failingSince ??= sinceMs;
      allowance = freshAllowance();
    },
    disabled(nextProbeAtMs) {
      if (circuit.state === 'closed') open();
      if (circuit.state === 'open') circuit = { ...circuit, probeAtMs: nextProbeAtMs };
      isDisabled = true;
    },
    probeNow,
    enabled() {
      if (isDisabled) probeNow();
      isDisabled = false;
    },
    targetVersion: () => targetVersion,
    moved(to) {
      targetVersion = to;
      circuit = closed;
      failures = noFailures();
      isDisabled = false;
      failingSince = null;
      allowance = freshAllowance();
    },
    resetThrottle() {
      failingSince = null;
      allowance = freshAllowance();
    },
    facts: (wait) => ({
      allowance,
      circuit: isWell() ? null : { ...circuit, failures, disabled: isDisabled },
      failingSinceMs: failingSince,
      stateReason: wait,
      targetVersion,
    }),
  };
}

/** It is well, and gets more than it takes: it goes on as it did without a lane. */
function fullAllowance(): Allowance {
  return { ...freshAllowance(), allowed: 10_000 };
}
