// Tells what became of orders that were given together.

import { plural } from '../../words/format.ts';
import { say } from '../Toasts.tsx';
import type { BulkResult } from './use-bulk.ts';

/** @example tellBulk(result, 'released') // "3 deliveries released." */
export function tellBulk({ done, refused }: BulkResult, what: string): void {
  if (done.length > 0) say(`${plural(done.length, 'delivery', 'deliveries')} ${what}.`);
  const [first] = refused;
  if (first) say(`${plural(refused.length, 'delivery', 'deliveries')} not ${what}: ${first.reason}`, 'bad');
}
