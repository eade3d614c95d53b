// Lists: newest first, at most `limit` at a time, and a cursor that is the last id looked at.
import { z } from 'zod';
import { instant } from '#domain/event';
import { firstUuidAt, type IdPrefix, isId, uuidOf } from '#domain/ids';
import { type Answer, answer } from './route.ts';

export const listSize = z.coerce.number().int().min(1).max(250).default(50).describe('how many at most');

/** The query of a list that goes on behind an id with this prefix. */
export function listQuery(prefix: IdPrefix) {
  return z.strictObject({
    limit: listSize,
    cursor: z
      .string()
      .max(200)
      .refine((cursor) => isId(prefix, fromCursor(cursor)), 'is not a cursor of this list')
      .transform(fromCursor)
      .optional()
      .describe('nextCursor of the page before'),
  });
}

export function spanQuery(prefix: IdPrefix) {
  return listQuery(prefix).extend({
    since: instant.optional().describe('from this time on'),
    until: instant.optional().describe('before this time'),
  });
}

function fromCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('null: there is no more. A page may hold fewer items than asked for, or none, and still have one'),
  });
}

/**
 * Answers a page of `rows`, of which there is one more than `limit` when a next page exists. `goesOn`: the id behind which a search that was ended
 * before it found so many goes on.
 */
export function pageAnswer<R>(
  rows: R[],
  limit: number,
  idOf: (row: R) => string,
  itemOf: (row: R) => unknown,
  goesOn: string | null = null,
): Answer {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? idOf(last) : goesOn;
  return answer(200, { data: shown.map(itemOf), nextCursor: next && Buffer.from(next).toString('base64url') });
}

/** The UUIDs between which a list looks: from `from` on and below `below`. */
export function boundsOf({ since, until, cursor }: { since?: string; until?: string; cursor?: string }): { from: string; below: string } {
  const end = until === undefined ? 'f'.repeat(32) : firstUuidAt(Date.parse(until));
  const ends = cursor === undefined ? [end] : [end, uuidOf(cursor)].toSorted();
  return { from: since === undefined ? '0'.repeat(32) : firstUuidAt(Date.parse(since)), below: ends[0] ?? end };
}
