// Counts what endpoints refuse outside of their lanes: here at once, and each second together with all other processes. An endpoint that refuses nothing
// costs a look into a map; of one that did, acceptances are counted too until it is trusted again.
import { type Counted, countOutcomes } from '../db/endpoint-health.ts';
import type { Db } from '../db/pool.ts';
import { addOutcomes, type Failures, noFailures, type Outcomes, shouldOpen } from '../domain/circuit.ts';

const minuteMs = 60_000;
/** After so long without word of it, others may have counted what is not known here. */
const knownForMs = 3_000;

interface Suspect {
  /** By the monotonic clock. */
  untilMs: number;
  /** What all had counted when this process last heard of it, and what it saw since. */
  failures: Failures;
  knownAtMs: number;
  /** What the others were not told of yet. */
  untold: Outcomes;
}

export interface FailureCount {
  /** True when with this the endpoint has refused too much. */
  saw(endpointId: string, accepted: boolean): boolean;
  /** What all have counted of those that refused something lately. */
  learn(counted: ReadonlyMap<string, Counted>): void;
  /** It is a lane's now. */
  forget(endpointId: string): void;
  /** Tells the others, and says which endpoints have refused too much; nothing is lost when it rejects. Not to be called while it runs. */
  tell(): Promise<string[]>;
}

const trusted: Counted = { failures: noFailures(), suspectedMs: 0, failingForMs: null };
const none: Outcomes = { accepted: 0, refused: 0, trailingRefused: 0 };

/** An endpoint that refuses yet, and has refused everything for longer than `disableAfterMs`, has refused too much too. `now`: the monotonic clock. */
export function createFailureCount(db: Db, disableAfterMs: number, now: () => number): FailureCount {
  const suspects = new Map<string, Suspect>();

  function begin(endpointId: string, untilMs: number): Suspect {
    const suspect = { untilMs, failures: noFailures(), knownAtMs: now(), untold: none };
    suspects.set(endpointId, suspect);
    return suspect;
  }

  function takeUntold(): Map<string, Outcomes> {
    const taken = new Map<string, Outcomes>();
    for (const [id, suspect] of suspects) {
      if (suspect.untold === none) {
        if (suspect.untilMs < now()) suspects.delete(id);
        continue;
      }
      taken.set(id, suspect.untold);
      suspect.untold = none;
    }
    return taken;
  }

  function know(endpointId: string, { failures, suspectedMs }: Counted): void {
    const suspect = suspects.get(endpointId) ?? begin(endpointId, 0);
    suspect.untilMs = now() + suspectedMs;
    suspect.knownAtMs = now();
    suspect.failures = addOutcomes(failures, suspect.untold, Date.now());
  }

  return {
    saw(endpointId, accepted) {
      if (accepted && !suspects.has(endpointId)) return false;
      const suspect = suspects.get(endpointId) ?? begin(endpointId, now() + minuteMs);
      const nowMs = Date.now();
      if (suspect.untold === none && now() - suspect.knownAtMs > knownForMs) suspect.failures = noFailures();
      const before = shouldOpen(suspect.failures, nowMs);
      const outcome = accepted ? { ...none, accepted: 1 } : { accepted: 0, refused: 1, trailingRefused: 1 };
      suspect.failures = addOutcomes(suspect.failures, outcome, nowMs);
      suspect.untold = inTurn(suspect.untold, outcome);
      return !before && shouldOpen(suspect.failures, nowMs);
    },
    learn(counted) {
      for (const [id, one] of counted) know(id, one);
    },
    forget(endpointId) {
      suspects.delete(endpointId);
    },
    async tell() {
      const seen = takeUntold();
      if (seen.size === 0) return [];
      try {
        const nowMs = Date.now();
        const counted = await countOutcomes(db, seen, nowMs);
        for (const id of seen.keys()) know(id, counted.get(id) ?? trusted);
        const isTooLong = (id: string, failingForMs: number | null) =>
          failingForMs !== null && failingForMs > disableAfterMs && seen.get(id)?.refused !== 0;
        return [...counted]
          .filter(([id, { failures, failingForMs }]) => shouldOpen(failures, nowMs) || isTooLong(id, failingForMs))
          .map(([id]) => id);
      } catch (error) {
        for (const [id, outcomes] of seen) {
          const suspect = suspects.get(id);
          if (suspect) suspect.untold = inTurn(outcomes, suspect.untold);
        }
        throw error;
      }
    },
  };
}

function inTurn(first: Outcomes, then: Outcomes): Outcomes {
  return {
    accepted: first.accepted + then.accepted,
    refused: first.refused + then.refused,
    trailingRefused: then.accepted > 0 ? then.trailingRefused : first.trailingRefused + then.refused,
  };
}
