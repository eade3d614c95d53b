// Counts what endpoints fail outside of their lanes: here at once, and each second together with all other processes. An endpoint that accepts everything
// costs a look into a map; of one that did not, acceptances are counted too until it is trusted again. Which of its types fail alone is known for an hour more.
import { type Counted, countOutcomes } from '../db/endpoint-health.ts';
import type { Db } from '../db/pool.ts';
import { addSeen, type Failures, forgiven, noFailures, type Seen, shouldOpen } from '../domain/circuit.ts';
import type { Sign } from '../domain/outcome.ts';

const minuteMs = 60_000;
/** After so long without word of it, others may have counted what is not known here. */
const knownForMs = 3_000;
const typesKnownForMs = 3_600_000;
/** Runs of like outcomes that are kept for one endpoint while the store is away. */
const mostUntold = 1_000;

interface Suspect {
  /** By the monotonic clock. */
  untilMs: number;
  /** What all had counted when this process last heard of it, and what it saw since. */
  failures: Failures;
  knownAtMs: number;
  /** What the others were not told of yet, in its order. */
  untold: Seen[];
}

export interface FailureCount {
  /** An attempt with an event of this type ended so. The endpoint's failures, when with this there are too many. */
  saw(endpointId: string, type: string, sign: Sign): Failures | null;
  /** What all have counted of those that did not accept something lately. */
  learn(counted: ReadonlyMap<string, Counted>): void;
  /** It is a lane's now. */
  forget(endpointId: string): void;
  /** Tells the others, and returns the endpoints that have failed too much; nothing is lost when it rejects. Not to be called while it runs. */
  tell(): Promise<Map<string, Failures>>;
}

const trusted: Counted = { failures: noFailures(), suspectedMs: 0, failingForMs: null };

/** An endpoint that accepts nothing yet, and has accepted nothing for longer than `disableAfterMs`, has failed too much too. `now`: the monotonic clock. */
export function createFailureCount(db: Db, disableAfterMs: number, now: () => number): FailureCount {
  const suspects = new Map<string, Suspect>();

  function begin(endpointId: string, untilMs: number): Suspect {
    const suspect: Suspect = { untilMs, failures: noFailures(), knownAtMs: now(), untold: [] };
    suspects.set(endpointId, suspect);
    return suspect;
  }

  function takeUntold(): Map<string, Seen[]> {
    const taken = new Map<string, Seen[]>();
    for (const [id, suspect] of suspects) {
      if (suspect.untold.length === 0) {
        const longerMs = suspect.failures.types.length > 0 ? typesKnownForMs : 0;
        if (suspect.untilMs + longerMs < now()) suspects.delete(id);
        continue;
      }
      taken.set(id, suspect.untold);
      suspect.untold = [];
    }
    return taken;
  }

  function know(endpointId: string, { failures, suspectedMs }: Counted): void {
    const suspect = suspects.get(endpointId) ?? begin(endpointId, 0);
    suspect.untilMs = now() + suspectedMs;
    suspect.knownAtMs = now();
    suspect.failures = addSeen(failures, suspect.untold, Date.now());
  }

  /** Nothing that it accepts changes what is known of it. */
  function isTrusted(suspect: Suspect | undefined, type: string): boolean {
    return suspect === undefined || (suspect.untilMs < now() && suspect.failures.types.every((one) => one.type !== type));
  }

  return {
    saw(endpointId, type, sign) {
      const known = suspects.get(endpointId);
      if (sign === 'accepted' && isTrusted(known, type)) return null;
      const suspect = known ?? begin(endpointId, now() + minuteMs);
      if (sign !== 'accepted') suspect.untilMs = Math.max(suspect.untilMs, now() + minuteMs);
      const nowMs = Date.now();
      if (suspect.untold.length === 0 && now() - suspect.knownAtMs > knownForMs) suspect.failures = forgiven(suspect.failures);
      const before = shouldOpen(suspect.failures, nowMs);
      suspect.failures = addSeen(suspect.failures, [{ type, sign, times: 1 }], nowMs);
      addUntold(suspect.untold, type, sign);
      return !before && shouldOpen(suspect.failures, nowMs) ? suspect.failures : null;
    },
    learn(counted) {
      for (const [id, one] of counted) know(id, one);
    },
    forget(endpointId) {
      suspects.delete(endpointId);
    },
    async tell() {
      const seen = takeUntold();
      if (seen.size === 0) return new Map();
      try {
        const nowMs = Date.now();
        const counted = await countOutcomes(db, seen, nowMs);
        for (const id of seen.keys()) know(id, counted.get(id) ?? trusted);
        const isTooLong = (id: string, failingForMs: number | null) =>
          failingForMs !== null && failingForMs > disableAfterMs && seen.get(id)?.some(({ sign }) => sign !== 'accepted');
        const tooMuch = [...counted].filter(
          ([id, { failures, failingForMs }]) => shouldOpen(failures, nowMs) || isTooLong(id, failingForMs),
        );
        return new Map(tooMuch.map(([id, { failures }]) => [id, failures]));
      } catch (error) {
        for (const [id, outcomes] of seen) {
          const suspect = suspects.get(id);
          if (suspect) suspect.untold = [...outcomes, ...suspect.untold].slice(-mostUntold);
        }
        throw error;
      }
    },
  };
}

function addUntold(untold: Seen[], type: string, sign: Sign): void {
  const last = untold.at(-1);
  if (last?.type === type && last.sign === sign) last.times++;
  else if (untold.push({ type, sign, times: 1 }) > mostUntold) untold.shift();
}
