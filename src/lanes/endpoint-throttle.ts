// The throttle and circuit of a lane's endpoint: how many requests it may get at once, or only
// probes. Used by one drain at a time, which saves `facts` in the lane's row for the next drain.
// A drain that dies loses the facts of the last 5 s.
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
  /** The number of requests allowed in flight, at most `maxInFlight`. */
  allowed(maxInFlight: number): number;
  circuit(): Circuit;
  /** The data that probes are chosen by; null while the circuit is closed. */
  probing(): { failures: Failures; refusedProbes: number } | null;
  /** The counted failures, and which event types fail. */
  failures(): Failures;
  /** Unix milliseconds; null: the last attempt was accepted, or there was none. */
  failingSinceMs(): number | null;
  /**
   * Takes the result of a request that began at `startedMs` (Unix milliseconds). `type`: its event type; '' for a
   * batch.
   */
  saw(result: SendResult, type: string, startedMs: number, maxInFlight: number): void;
  /** Another process opened the circuit of this released lane: takes over the circuit from the lane's row. */
  reopened(circuit: unknown, failingSinceMs: number | null): void;
  /**
   * The endpoint was disabled: it gets only probes, the next one at `nextProbeAtMs` instead of the circuit's own time.
   */
  disabled(nextProbeAtMs: number): void;
  /** The endpoint's gate is open. If it was disabled, it is probed at once. */
  enabled(): void;
  /** A delivery must be sent now (retry now): while the circuit is open, the next probe is due at once. */
  probeNow(): void;
  /** The version of the endpoint's target that all of this belongs to. */
  targetVersion(): number;
  /** The endpoint has a new target, of this version: forgets everything about the old one. */
  moved(targetVersion: number): void;
  /** The endpoint is paused or disabled: later it starts again at one request in flight. */
  resetThrottle(): void;
  facts(wait: LaneWait | null): LaneFacts;
}

/** The circuit as the lane's row stores it. */
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

  /** A response to a request that began before the probe was due is ignored: it is no probe. */
  function probe(type: string, sign: Sign, startedMs: number): void {
    if (circuit.state === 'closed' || startedMs < circuit.probeAtMs) return;
    circuit = probed(circuit, type, isSignOfLife(sign), Date.now(), times);
    // an answered probe resets the ramp and the failures
    if (isSignOfLife(sign)) {
      failures = forgiven(failures);
      allowance = freshAllowance();
    }
  }

  function send(type: string, sign: Sign, startedMs: number, maxInFlight: number): void {
    if (isSignOfLife(sign)) allowance = afterAccepted(allowance, maxInFlight);
    else if (!failsAlone(failures, type)) allowance = afterRefused(allowance, startedMs, Date.now());
    if (shouldOpen(failures, Date.now())) open();
  }

  function probeNow(): void {
    if (circuit.state === 'open') circuit = { ...circuit, probeAtMs: Math.min(circuit.probeAtMs, Date.now()) };
  }

  const isWell = () => circuit.state === 'closed' && failures.inRow === 0 && failures.types.length === 0;

  return {
    allowed: (maxInFlight) => (circuit.state === 'open' ? 1 : Math.max(1, Math.min(maxInFlight, allowance.allowed))),
    circuit: () => circuit,
    probing: () => (circuit.state === 'open' ? { failures, refusedProbes: circuit.refusedProbes } : null),
    failures: () => failures,
    failingSinceMs: () => failingSince,
    saw(result, type, startedMs, maxInFlight) {
      const sign = signOf(result);
      failingSince = sign === 'accepted' ? null : (failingSince ?? Date.now());
      failures = addSeen(failures, [{ type, sign, times: 1 }], Date.now());
      if (circuit.state === 'open') probe(type, sign, startedMs);
      else send(type, sign, startedMs, maxInFlight);
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

/** No throttle: the endpoint is healthy and only overloaded, so its lane sends as fast as direct delivery did. */
function fullAllowance(): Allowance {
  return { ...freshAllowance(), allowed: 10_000 };
}
