// Reads the content of events for filters. Called only when an endpoint that may get the event has a filter.
import type { Content } from '#domain/events/subscription';
import { EventContent } from '#domain/filters/filter';
import { idOf, uuidOf } from '#domain/ids';
import { isLasting } from '#sealing/vault';
import type { ContentEncryption } from '../keys/content-encryption.ts';
import type { Db } from '../store/pool.ts';

export type Opening = Pick<ContentEncryption, 'open'>;

/** `body`: encrypted, or as it was accepted a moment ago. Rejects when the store is away, or does not know a master key yet. */
export async function openContent(contents: Opening, eventId: string, body: Uint8Array): Promise<Content> {
  if (body.length === 0) return 'erased';
  try {
    return contentOf(await contents.open(eventId, body));
  } catch (error) {
    if (isLasting(error)) return 'unreadable';
    throw error;
  }
}

export function contentOf({ buffer, byteOffset, byteLength }: Uint8Array): EventContent {
  return new EventContent(Buffer.from(buffer, byteOffset, byteLength).toString());
}

/** So many bodies are in memory at once. */
export const contentsAtOnce = 64;

/** By event id. At most `contentsAtOnce` events; those that are gone are missing. */
export async function readContents(db: Pick<Db, 'query'>, contents: Opening, eventIds: string[]): Promise<Map<string, Content>> {
  if (eventIds.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; body: Buffer }>({
    // not prepared by name, so that the ids select the partitions
    text: 'select id, body from events where id = any($1::uuid[])',
    values: [eventIds.map(uuidOf)],
  });
  const read = rows.map(async ({ id, body }) => [idOf('evt', id), await openContent(contents, idOf('evt', id), body)] as const);
  return new Map(await Promise.all(read));
}
