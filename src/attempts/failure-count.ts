// Counts what endpoints fail outside of their lanes: here at once, and each second together with all other processes. An endpoint that accepts everything
// costs a look into a map; of one that did not, acceptances are counted too until it is trusted again. Which of its types fail alone is known for an hour more.
import { type Counted, countOutcomes, type SeenOf } from '#db/endpoints/endpoint-health';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { Db } from '#db/store/pool';
import { addSeen, type Failures, forgiven, noFailures, type Seen, shouldOpen } from '#domain/circuit';
import type { Sign } from '#domain/outcome';

const minuteMs = 60_000;
/** After so long without word of it, others may have counted what is not known here. */
const knownForMs = 3_000;
const typesKnownForMs = 3_600_000;
/** Runs of like outcomes that are kept for one endpoint while the store is away. */
const mostUntold = 1_000;

interface Suspect {
  /** Of which version of the endpoint's target all of this is. */
  targetVersion: number;
  /** By the monotonic clock. */
  untilMs: number;
  /** What all had counted when this process last heard of it, and what it saw since. */
  failures: Failures;
  knownAtMs: number;
  /** What the others were not told of yet, in its order. */
  untold: Seen[];
}

export interface FailureCount {
  /**
   * An attempt with an event of this type ended so. The endpoint's failures, when with this there are too many. What an endpoint answered before it led elsewhere counts
   * for nothing.
   */
  recordOutcome(asked: AskedEndpoint, type: string, sign: Sign): Failures | null;
  /** What all have counted of those that did not accept something lately. */
  learn(counted: ReadonlyMap<string, Counted>): void;
  /** It is a lane's now. */
  forget(endpointId: string): void;
  /** Tells the others, and returns the endpoints that have failed too much; nothing is lost when it rejects. Not to be called while it runs. */
  share(): Promise<Counted[]>;
}

const trusted = { failures: noFailures(), suspectedMs: 0 };

/** An endpoint that accepts nothing yet, and has accepted nothing for longer than `disableAfterMs`, has failed too much too. `now`: the monotonic clock. */
export function createFailureCount(db: Db, disableAfterMs: number, now: () => number): FailureCount {
  const suspects = new Map<string, Suspect>();

  function begin({ endpointId, targetVersion }: AskedEndpoint, untilMs: number): Suspect {
    const suspect: Suspect = { targetVersion, untilMs, failures: noFailures(), knownAtMs: now(), untold: [] };
    suspects.set(endpointId, suspect);
    return suspect;
  }

  function takeUntold(): Map<string, SeenOf> {
    const taken = new Map<string, SeenOf>();
    for (const [id, suspect] of suspects) {
      if (suspect.untold.length === 0) {
        const longerMs = suspect.failures.types.length > 0 ? typesKnownForMs : 0;
        if (suspect.untilMs + longerMs < now()) suspects.delete(id);
        continue;
      }
      taken.set(id, { targetVersion: suspect.targetVersion, seen: suspect.untold });
      suspect.untold = [];
    }
    return taken;
  }

  /** What is known of this version of its target; undefined: nothing. One that leads elsewhere begins anew. */
  function suspectOf({ endpointId, targetVersion }: AskedEndpoint): Suspect | undefined {
    const known = suspects.get(endpointId);
    if (!known || known.targetVersion >= targetVersion) return known;
    suspects.delete(endpointId);
  }

  function know(asked: AskedEndpoint, { failures, suspectedMs }: Pick<Counted, 'failures' | 'suspectedMs'>): void {
    const suspect = suspectOf(asked) ?? begin(asked, 0);
    if (suspect.targetVersion > asked.targetVersion) return;
    suspect.untilMs = now() + suspectedMs;
    suspect.knownAtMs = now();
    suspect.failures = addSeen(failures, suspect.untold, Date.now());
  }

  /** Nothing that it accepts changes what is known of it. */
  function isTrusted(suspect: Suspect | undefined, type: string): boolean {
    return suspect === undefined || (suspect.untilMs < now() && suspect.failures.types.every((one) => one.type !== type));
  }

  return {
    recordOutcome(asked, type, sign) {
      const known = suspectOf(asked);
      if (known && known.targetVersion > asked.targetVersion) return null;
      if (sign === 'accepted' && isTrusted(known, type)) return null;
      const suspect = known ?? begin(asked, now() + minuteMs);
      if (sign !== 'accepted') suspect.untilMs = Math.max(suspect.untilMs, now() + minuteMs);
      const nowMs = Date.now();
      if (suspect.untold.length === 0 && now() - suspect.knownAtMs > knownForMs) suspect.failures = forgiven(suspect.failures);
      const before = shouldOpen(suspect.failures, nowMs);
      suspect.failures = addSeen(suspect.failures, [{ type, sign, times: 1 }], nowMs);
      addUntold(suspect.untold, type, sign);
      return !before && shouldOpen(suspect.failures, nowMs) ? suspect.failures : null;
    },
    learn(counted) {
      for (const one of counted.values()) know(one, one);
    },
    forget(endpointId) {
      suspects.delete(endpointId);
    },
    async share() {
      const seen = takeUntold();
      if (seen.size === 0) return [];
      try {
        const nowMs = Date.now();
        const counted = await countOutcomes(db, seen, nowMs);
        for (const [endpointId, { targetVersion }] of seen) know({ endpointId, targetVersion }, counted.get(endpointId) ?? trusted);
        const isTooLong = ({ endpointId, failingForMs }: Counted) =>
          failingForMs !== null && failingForMs > disableAfterMs && seen.get(endpointId)?.seen.some(({ sign }) => sign !== 'accepted');
        return [...counted.values()].filter((one) => shouldOpen(one.failures, nowMs) || isTooLong(one));
      } catch (error) {
        for (const [id, { targetVersion, seen: untold }] of seen) {
          const suspect = suspects.get(id);
          if (suspect?.targetVersion === targetVersion) suspect.untold = [...untold, ...suspect.untold].slice(-mostUntold);
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
