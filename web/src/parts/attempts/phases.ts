// The phases of an attempt, one after the other. What was not measured is not there.
import type { Attempt } from '@posthorn/client';

export type PhaseName = 'dns' | 'connect' | 'tls' | 'wait' | 'body';

export interface Phase {
  name: PhaseName;
  /** Milliseconds. */
  startsAt: number;
  took: number;
}

/** The time to the first byte counts from the start of the attempt; the steps of the connection are parts of it. */
export function phasesOf({ dnsMs, connectMs, tlsMs, firstByteMs, totalMs }: Attempt['timings']): Phase[] {
  const steps: [PhaseName, number | null][] = [
    ['dns', dnsMs],
    ['connect', connectMs],
    ['tls', tlsMs],
  ];
  const opened = (dnsMs ?? 0) + (connectMs ?? 0) + (tlsMs ?? 0);
  const answered = Math.min(firstByteMs ?? totalMs, totalMs);
  steps.push(['wait', Math.max(0, answered - opened)], ['body', firstByteMs === null ? null : Math.max(0, totalMs - answered)]);
  const phases: Phase[] = [];
  let startsAt = 0;
  for (const [name, took] of steps) {
    if (took === null) continue;
    phases.push({ name, startsAt, took });
    startsAt += took;
  }
  return phases;
}
