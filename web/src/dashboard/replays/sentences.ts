// What a replay job does and did, in sentences.
import type { Replay } from '@posthorn/client';

/** @example "312 of 1,204 replayed: 290 delivered, 4 refused, 18 waiting." */
export function progressOf(job: Replay): string {
  const { status, matched, done } = job;
  if (status === 'counting') return 'Counting what matches.';
  if (matched === 0) return 'Nothing matched.';
  return `${done.toLocaleString('en')} of ${matched.toLocaleString('en')} replayed: ${resultsOf(job).join(', ')}.`;
}

/** @example ["290 delivered", "4 refused"] */
export function resultsOf({ succeeded, failed, skipped, waiting }: Replay): string[] {
  return [
    `${succeeded.toLocaleString('en')} delivered`,
    ...(failed > 0 ? [`${failed.toLocaleString('en')} refused`] : []),
    ...(waiting > 0 ? [`${waiting.toLocaleString('en')} waiting for an answer`] : []),
    ...(skipped > 0 ? [`${skipped.toLocaleString('en')} skipped, because they had changed`] : []),
  ];
}

/** What a job replays, without whose it is. @example "2 chosen: dead letters, order.*" */
export function kindsOf({ selection }: Pick<Replay, 'selection'>): string {
  const { status, neverAttempted, types, deliveries } = selection;
  const kinds = [
    ...(status.includes('dead_lettered') ? ['dead letters'] : []),
    ...(status.includes('succeeded') ? ['delivered ones'] : []),
    ...(neverAttempted ? ['events without a delivery'] : []),
  ].join(', ');
  const chosen = deliveries === null ? '' : `${deliveries.toLocaleString('en')} chosen: `;
  return `${chosen}${kinds}${types.length > 0 ? `, ${types.join(', ')}` : ''}`;
}
