// Pagination of lists: newest first, at most `limit` items, and a cursor that encodes the last id
// read.
import { z } from 'zod';
import { instant } from '#domain/events/event';
import { firstUuidAt, type IdPrefix, isId, uuidOf } from '#domain/ids';
import { type Answer, answer } from './route.ts';

export const listSize = z.coerce.number().int().min(1).max(250).default(50).describe('The maximum number of items in the page.');

/** The query of a list whose cursor is an id with this prefix. */
export function listQuery(prefix: IdPrefix) {
  return z.strictObject({
    limit: listSize,
    cursor: z
      .string()
      .max(200)
      .refine((cursor) => isId(prefix, fromCursor(cursor)), 'is not a cursor of this list; send the nextCursor of the previous page')
      .transform(fromCursor)
      .optional()
      .describe('The `nextCursor` of the previous page. Leave it out for the first page.'),
  });
}

/** `listQuery` with a time range. */
export function spanQuery(prefix: IdPrefix) {
  return listQuery(prefix).extend({
    since: instant.optional().describe('Only items from this time on (inclusive).'),
    until: instant.optional().describe('Only items before this time (exclusive).'),
  });
}

function fromCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

const pages = new WeakMap<z.ZodType, z.ZodType>();

/** The same schema for the same item, so that it has one name in the OpenAPI document. */
export function pageOf<T extends z.ZodType>(item: T): ReturnType<typeof newPageOf<T>> {
  const page = (pages.get(item) as ReturnType<typeof newPageOf<T>> | undefined) ?? newPageOf(item);
  pages.set(item, page);
  return page;
}

function newPageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe(
        'Send it as `cursor` to read the next page. null: this is the last page. A page can be short or empty and still have a next page.',
      ),
  });
}

/**
 * Answers a page of `rows`. The caller reads `limit + 1` rows: the extra row means that a next page exists.
 * `resumeAfter`: the id after which the next page starts, when a search stopped before it had found `limit` rows.
 */
export function pageAnswer<R extends { id: string }>(
  rows: R[],
  limit: number,
  itemOf: (row: R) => unknown = (row) => row,
  resumeAfter: string | null = null,
): Answer {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? last.id : resumeAfter;
  return answer(200, { data: shown.map(itemOf), nextCursor: next && Buffer.from(next).toString('base64url') });
}

/** The range of UUIDs that a list reads: from `from` (inclusive) to `below` (exclusive). */
export function boundsOf({ since, until, cursor }: { since?: string; until?: string; cursor?: string }): { from: string; below: string } {
  const end = until === undefined ? 'f'.repeat(32) : firstUuidAt(Date.parse(until));
  const ends = cursor === undefined ? [end] : [end, uuidOf(cursor)].toSorted();
  return { from: since === undefined ? '0'.repeat(32) : firstUuidAt(Date.parse(since)), below: ends[0] ?? end };
}
