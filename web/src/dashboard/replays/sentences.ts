// What a replay job does and did, in sentences.
import type { Replay } from '@posthorn/client';
import { plural } from '../../words/format.ts';

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

/** What became of those that were refused. @example "All 9 refused ones are dead letters again." */
export function refusedOnes({ failed, deadLettered }: Pick<Replay, 'failed' | 'deadLettered'>): string {
  if (failed === 0) return '';
  if (deadLettered === null) return 'Refused ones are retried until they are dead letters again.';
  if (deadLettered === 0) return 'Refused ones are retried as usual.';
  const again = plural(deadLettered, 'is a dead letter again', 'are dead letters again');
  return deadLettered < failed ? `${again}; the other refused ones are retried as usual.` : `${again}, and not retried.`;
}

/** Where the deliveries of a job that were not accepted are listed. Others of the same time and endpoint may be among them. */
export function refusedSearchOf({ tenant, endpoint, selection: { since, until, types } }: Replay): Record<string, string | string[]> {
  const [type] = types;
  return {
    ...(tenant && { tenant }),
    ...(endpoint && { endpoint }),
    status: ['dead_lettered', 'retrying'],
    ...(types.length === 1 && type && !type.includes('*') && { type }),
    ...{ since, until },
  };
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
