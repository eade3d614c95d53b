// The pace of a replay job as it is typed, and what the job will do at it.
import type { ReplayDryRun } from '@posthorn/client';
import { duration, plural } from '../../words/format.ts';
import { typedNumber } from '../typed-number.ts';

/** @example "Replays 1,204 deliveries to 3 endpoints, 50 a second: about 24 s." */
export function effectOf({ matched, endpoints, tenants }: ReplayDryRun, perSecond: number): string {
  const to = `${plural(endpoints, 'endpoint', 'endpoints')}${tenants > 1 ? ` of ${plural(tenants, 'tenant', 'tenants')}` : ''}`;
  const ms = (matched / perSecond) * 1_000;
  const takes = ms < 1_000 ? 'less than a second' : `about ${duration(ms, 'en')}`;
  const pace = perSecond > 0 ? `, ${perSecond.toLocaleString('en')} a second: ${takes}` : '';
  return `Replays ${plural(matched, 'delivery', 'deliveries')} to ${to}${pace}.`;
}

/** A pace as somebody typed it. Null: it is none. */
export function paceIn(text: string): number | null {
  const pace = typedNumber(text);
  return pace !== null && pace >= 0.01 && pace <= 1_000 ? pace : null;
}
