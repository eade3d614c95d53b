// The schemas of an event type, to compare filters with.
import type { Db } from '../store/pool.ts';

/** `schema`: null for a version without one. Newest first, at most `limit`; empty: no such type, or no version. */
export async function readTypeSchemas(db: Pick<Db, 'query'>, type: string, limit: number): Promise<{ version: number; schema: unknown }[]> {
  const { rows } = await db.query<{ version: number; schema: unknown }>({
    name: 'read_type_schemas',
    text: `
      select v.version, v.schema from event_types t join event_type_versions v on v.type_id = t.id
      where t.name = $1 order by v.version desc limit $2`,
    values: [type, limit],
  });
  return rows;
}
