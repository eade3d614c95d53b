// The throttle and circuit of a lane's endpoint: how many requests it may get at once, or only
// probes. Used by one drain at a time, which saves `facts` in the lane's row for the next drain.
// A drain that dies loses the facts of the last 5 s.
import type { LaneFacts, TakenLane } from '#db/lanes/lane-ownership';
import { isSignOfLife, type SendResult, type Sign, signOf } from '#domain/deliveries/outcome';
import { type Allowance, afterAccepted, afterRefused, freshAllowance } from '#domain/lanes/allowance';
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
} from '#domain/lanes/circuit';
import type { LaneWait } from '#domain/lanes/lane';

/** The circuit as the lane's row stores it. */
type Left = Circuit & { failures?: Failures; disabled?: boolean };

/**
 * While the circuit is *closed*, the number of requests in flight grows with each answer and halves after a failure.
 * Too many failures open it; so does disabling the endpoint. While it is *open*, only probes count: a request that began
 * before the probe was due is none. An answered probe closes the circuit, forgets the failures, and the endpoint starts
 * again at one request in flight. A new target closes it as well.
 */
export class EndpointThrottle {
  readonly #times: CircuitTimes;
  #allowance: Allowance;
  #circuit: Circuit;
  #failures: Failures;
  #isDisabled: boolean;
  #failingSinceMs: number | null;
  #targetVersion: number;

  constructor(taken: TakenLane, times: CircuitTimes) {
    const left = taken.circuit as Left | null;
    this.#times = times;
    this.#allowance = (taken.allowance as Allowance | null) ?? (taken.reason === 'cap' ? fullAllowance() : freshAllowance());
    this.#circuit = left?.state === 'open' ? left : closed;
    this.#failures = left?.failures ?? noFailures();
    this.#isDisabled = left?.disabled ?? false;
    this.#failingSinceMs = taken.failingSinceMs;
    this.#targetVersion = taken.targetVersion;
  }

  /** The number of requests allowed in flight, at most `maxInFlight`. */
  allowed(maxInFlight: number): number {
    return this.#circuit.state === 'open' ? 1 : Math.max(1, Math.min(maxInFlight, this.#allowance.allowed));
  }

  circuit(): Circuit {
    return this.#circuit;
  }

  /** The data that probes are chosen by; null while the circuit is closed. */
  probing(): { failures: Failures; refusedProbes: number } | null {
    return this.#circuit.state === 'open' ? { failures: this.#failures, refusedProbes: this.#circuit.refusedProbes } : null;
  }

  /** The counted failures, and which event types fail. */
  failures(): Failures {
    return this.#failures;
  }

  /** Unix milliseconds; null: the last attempt was accepted, or there was none. */
  failingSinceMs(): number | null {
    return this.#failingSinceMs;
  }

  /** The version of the endpoint's target that all of this belongs to. */
  targetVersion(): number {
    return this.#targetVersion;
  }

  /**
   * Takes the result of a request that began at `startedMs` (Unix milliseconds). `type`: its event type; '' for a
   * batch.
   */
  recordOutcome(result: SendResult, type: string, startedMs: number, maxInFlight: number): void {
    const sign = signOf(result);
    this.#failingSinceMs = sign === 'accepted' ? null : (this.#failingSinceMs ?? Date.now());
    this.#failures = addSeen(this.#failures, [{ type, sign, times: 1 }], Date.now());
    if (this.#circuit.state === 'open') this.#recordProbe(type, sign, startedMs);
    else this.#recordRequest(type, sign, startedMs, maxInFlight);
  }

  #recordProbe(type: string, sign: Sign, startedMs: number): void {
    if (this.#circuit.state === 'closed' || startedMs < this.#circuit.probeAtMs) return;
    this.#circuit = probed(this.#circuit, type, isSignOfLife(sign), Date.now(), this.#times);
    if (!isSignOfLife(sign)) return;
    this.#failures = forgiven(this.#failures);
    this.#allowance = freshAllowance();
  }

  #recordRequest(type: string, sign: Sign, startedMs: number, maxInFlight: number): void {
    if (isSignOfLife(sign)) this.#allowance = afterAccepted(this.#allowance, maxInFlight);
    else if (!failsAlone(this.#failures, type)) this.#allowance = afterRefused(this.#allowance, startedMs, Date.now());
    if (shouldOpen(this.#failures, Date.now())) this.#open();
  }

  #open(): void {
    this.#circuit = opened(Date.now(), this.#times);
    this.#allowance = freshAllowance();
  }

  /** Another process opened the circuit of this released lane: takes over the circuit from the lane's row. */
  reopened(circuit: unknown, failingSinceMs: number | null): void {
    const now = circuit as Left | null;
    if (this.#circuit.state === 'open' || now?.state !== 'open') return;
    this.#circuit = now;
    this.#failures = now.failures ?? this.#failures;
    this.#failingSinceMs ??= failingSinceMs;
    this.#allowance = freshAllowance();
  }

  /**
   * The endpoint was disabled: it gets only probes, the next one at `nextProbeAtMs` instead of the circuit's own time.
   */
  disabled(nextProbeAtMs: number): void {
    if (this.#circuit.state === 'closed') this.#open();
    if (this.#circuit.state === 'open') this.#circuit = { ...this.#circuit, probeAtMs: nextProbeAtMs };
    this.#isDisabled = true;
  }

  /** The endpoint's gate is open. If it was disabled, it is probed at once. */
  enabled(): void {
    if (this.#isDisabled) this.probeNow();
    this.#isDisabled = false;
  }

  /** A delivery must be sent now (retry now): while the circuit is open, the next probe is due at once. */
  probeNow(): void {
    if (this.#circuit.state === 'open') this.#circuit = { ...this.#circuit, probeAtMs: Math.min(this.#circuit.probeAtMs, Date.now()) };
  }

  /** The endpoint has a new target, of this version: forgets everything about the old one. */
  moved(targetVersion: number): void {
    this.#targetVersion = targetVersion;
    this.#circuit = closed;
    this.#failures = noFailures();
    this.#isDisabled = false;
    this.resetThrottle();
  }

  /** The endpoint is paused or disabled: later it starts again at one request in flight. */
  resetThrottle(): void {
    this.#failingSinceMs = null;
    this.#allowance = freshAllowance();
  }

  facts(wait: LaneWait | null): LaneFacts {
    const isWell = this.#circuit.state === 'closed' && this.#failures.inRow === 0 && this.#failures.types.length === 0;
    return {
      allowance: this.#allowance,
      circuit: isWell ? null : { ...this.#circuit, failures: this.#failures, disabled: this.#isDisabled },
      failingSinceMs: this.#failingSinceMs,
      stateReason: wait,
      targetVersion: this.#targetVersion,
    };
  }
}

/** No throttle: the endpoint is healthy and only overloaded, so its lane sends as fast as direct delivery did. */
function fullAllowance(): Allowance {
  return { ...freshAllowance(), allowed: 10_000 };
}
