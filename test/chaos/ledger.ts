// The judge of the chaos runs: it knows what the API accepted, what the receiver got, and when something was disturbed.
// It reads no table of Posthorn.
import type { Received } from '../support/receiver.ts';

/** A time in which something was disturbed, on the monotonic clock. */
export interface Disturbance {
  what: string;
  from: number;
  until: number;
}

export interface Verdict {
  /** Accepted events that the receiver never accepted. */
  lost: string[];
  /** Requests that came although an earlier one was accepted, and no attempt was in flight or unrecorded in a disturbance. */
  wrongDuplicates: string[];
  /** All requests that came although an earlier one was accepted. */
  duplicates: number;
}

/** An attempt may be unrecorded for so long after its answer, on a busy machine too. */
const unrecordedForMs = 5_000;
/** What the network held back comes so long after the end of the disturbance at most. */
const lateForMs = 5_000;

/** `accepted`: the ids of the events that the API answered with 202. Each has one delivery. */
export function judge(accepted: readonly string[], requests: readonly Received[], disturbances: readonly Disturbance[]): Verdict {
  const accepts = new Map<string, Received[]>();
  for (const request of requests) {
    const id = request.headers['webhook-id'] ?? '';
    if (request.answered !== null && request.answered.status < 300) accepts.set(id, [...(accepts.get(id) ?? []), request]);
  }
  const wasDisturbed = ({ came, answered }: Received) =>
    disturbances.some(({ from, until }) => came < until + lateForMs && from < (answered?.at ?? came) + unrecordedForMs);
  const wrongDuplicates: string[] = [];
  let duplicates = 0;
  for (const [id, all] of accepts) {
    const repeated = all.slice(0, -1);
    duplicates += repeated.length;
    wrongDuplicates.push(...repeated.filter((request) => !wasDisturbed(request)).map(() => id));
  }
  return { lost: accepted.filter((id) => !accepts.has(id)), wrongDuplicates, duplicates };
}
