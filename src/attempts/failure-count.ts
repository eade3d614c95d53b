// Counts the failures of endpoints that have no lane: in this process at once, and in PostgreSQL
// each second for all processes. An endpoint that accepts everything costs one map lookup and no
// row. Called for every attempt outside of a lane. `share` that fails loses no count.
import { type Counted, countOutcomes, type SeenOf } from '#db/endpoints/endpoint-health';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { Db } from '#db/store/pool';
import type { Sign } from '#domain/deliveries/outcome';
import { addSeen, type Failures, forgiven, noFailures, type Seen, shouldOpen } from '#domain/lanes/circuit';

const minuteMs = 60_000;
/** After this time without a shared count, other processes may have counted outcomes that this one has not read. */
const knownForMs = 3_000;
const typesKnownForMs = 3_600_000;
/** The most runs of equal outcomes that are kept for one endpoint while PostgreSQL is away. */
const maxUnshared = 1_000;

/**
 * An endpoint that failed lately. Its acceptances are counted too, until `untilMs`; its failing types one hour longer.
 */
interface Suspect {
  /** The version of the endpoint's target that was counted. */
  targetVersion: number;
  /** By the monotonic clock. */
  untilMs: number;
  /** The count of all processes when this one read it last, and the outcomes of this process since then. */
  failures: Failures;
  knownAtMs: number;
  /** Outcomes not yet written to PostgreSQL, in their order. */
  unshared: Seen[];
}

const trusted = { failures: noFailures(), suspectedMs: 0 };

/**
 * An endpoint is *trusted* until it fails: its acceptances are not counted. After a failure it is a *suspect*, for a
 * minute from its last failure. Each second its outcomes since the last time are shared: PostgreSQL adds them to those
 * of the other processes, and the sum is what this process counts on from. It is trusted again when its time is over and
 * nothing is left to share, or forgotten at once when it has a lane.
 *
 * An endpoint has also failed too much when it failed again and has accepted nothing for longer than `disableAfterMs`.
 */
export class FailureCount {
  readonly #db: Db;
  readonly #disableAfterMs: number;
  /** The monotonic clock. */
  readonly #now: () => number;
  readonly #suspects = new Map<string, Suspect>();

  constructor(db: Db, disableAfterMs: number, now: () => number) {
    this.#db = db;
    this.#disableAfterMs = disableAfterMs;
    this.#now = now;
  }

  /**
   * Counts the outcome of an attempt with an event of this type. Returns the endpoint's failures when this outcome
   * makes them too many, else null. Outcomes of an older version of the endpoint's target do not count.
   */
  recordOutcome(asked: AskedEndpoint, type: string, sign: Sign): Failures | null {
    const known = this.#suspectOf(asked);
    if (known && known.targetVersion > asked.targetVersion) return null;
    if (sign === 'accepted' && this.#isTrusted(known, type)) return null;
    const now = this.#now();
    const suspect = known ?? this.#begin(asked, now + minuteMs);
    if (sign !== 'accepted') suspect.untilMs = Math.max(suspect.untilMs, now + minuteMs);
    const nowMs = Date.now();
    if (suspect.unshared.length === 0 && now - suspect.knownAtMs > knownForMs) suspect.failures = forgiven(suspect.failures);
    const before = shouldOpen(suspect.failures, nowMs);
    suspect.failures = addSeen(suspect.failures, [{ type, sign, times: 1 }], nowMs);
    addUnshared(suspect.unshared, type, sign);
    return !before && shouldOpen(suspect.failures, nowMs) ? suspect.failures : null;
  }

  /** Takes over the counts of all processes, for the endpoints that failed lately. */
  learn(counted: ReadonlyMap<string, Counted>): void {
    for (const one of counted.values()) this.#know(one, one);
  }

  /** The endpoint has a lane now, which counts its failures itself. */
  forget(endpointId: string): void {
    this.#suspects.delete(endpointId);
  }

  /**
   * Writes the outcomes to PostgreSQL, and returns the endpoints that have failed too much. Nothing is lost when it
   * rejects. Must not be called while it runs.
   */
  async share(): Promise<Counted[]> {
    const seen = this.#takeUnshared();
    if (seen.size === 0) return [];
    try {
      const nowMs = Date.now();
      const counted = await countOutcomes(this.#db, seen, nowMs);
      for (const [endpointId, { targetVersion }] of seen) this.#know({ endpointId, targetVersion }, counted.get(endpointId) ?? trusted);
      const isTooLong = ({ endpointId, failingForMs }: Counted) =>
        failingForMs !== null && failingForMs > this.#disableAfterMs && seen.get(endpointId)?.seen.some(({ sign }) => sign !== 'accepted');
      return [...counted.values()].filter((one) => shouldOpen(one.failures, nowMs) || isTooLong(one));
    } catch (error) {
      this.#putBack(seen);
      throw error;
    }
  }

  #takeUnshared(): Map<string, SeenOf> {
    const taken = new Map<string, SeenOf>();
    for (const [id, suspect] of this.#suspects) {
      if (suspect.unshared.length === 0) {
        const longerMs = suspect.failures.types.length > 0 ? typesKnownForMs : 0;
        if (suspect.untilMs + longerMs < this.#now()) this.#suspects.delete(id);
        continue;
      }
      taken.set(id, { targetVersion: suspect.targetVersion, seen: suspect.unshared });
      suspect.unshared = [];
    }
    return taken;
  }

  #putBack(seen: ReadonlyMap<string, SeenOf>): void {
    for (const [id, { targetVersion, seen: unshared }] of seen) {
      const suspect = this.#suspects.get(id);
      if (suspect?.targetVersion === targetVersion) suspect.unshared = [...unshared, ...suspect.unshared].slice(-maxUnshared);
    }
  }

  #begin({ endpointId, targetVersion }: AskedEndpoint, untilMs: number): Suspect {
    const suspect: Suspect = { targetVersion, untilMs, failures: noFailures(), knownAtMs: this.#now(), unshared: [] };
    this.#suspects.set(endpointId, suspect);
    return suspect;
  }

  /**
   * The suspect of this version of the target; undefined: none. A newer version of the target starts again from zero.
   */
  #suspectOf({ endpointId, targetVersion }: AskedEndpoint): Suspect | undefined {
    const known = this.#suspects.get(endpointId);
    if (!known || known.targetVersion >= targetVersion) return known;
    this.#suspects.delete(endpointId);
  }

  #know(asked: AskedEndpoint, { failures, suspectedMs }: Pick<Counted, 'failures' | 'suspectedMs'>): void {
    const suspect = this.#suspectOf(asked) ?? this.#begin(asked, 0);
    if (suspect.targetVersion > asked.targetVersion) return;
    suspect.untilMs = this.#now() + suspectedMs;
    suspect.knownAtMs = this.#now();
    suspect.failures = addSeen(failures, suspect.unshared, Date.now());
  }

  /** An acceptance of this type does not change the count. */
  #isTrusted(suspect: Suspect | undefined, type: string): boolean {
    return suspect === undefined || (suspect.untilMs < this.#now() && suspect.failures.types.every((one) => one.type !== type));
  }
}

function addUnshared(unshared: Seen[], type: string, sign: Sign): void {
  const last = unshared.at(-1);
  if (last?.type === type && last.sign === sign) last.times++;
  else if (unshared.push({ type, sign, times: 1 }) > maxUnshared) unshared.shift();
}
