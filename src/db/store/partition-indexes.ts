// Builds the indexes that a migration made `on only` a partitioned table, on the partitions from before it. Without a lock that
// writes wait for. Safe to interrupt and to repeat: the catalog says what is missing.
import type pg from 'pg';

export interface MissingIndex {
  parent: string;
  partition: string;
  /** The definition of the index of the parent. */
  definition: string;
}

/** The partitions that lack an index of their parent, newest first. */
export async function missingIndexes(db: Pick<pg.PoolClient, 'query'>): Promise<MissingIndex[]> {
  const { rows } = await db.query<MissingIndex>({
    name: 'missing_indexes',
    text: `
      select parent.relname as parent, own.relname as partition, pg_get_indexdef(parent.oid) as definition
      from pg_index i
      join pg_class parent on parent.oid = i.indexrelid and parent.relkind = 'I' and parent.relnamespace = current_schema()::regnamespace
      join pg_inherits p on p.inhparent = i.indrelid and not p.inhdetachpending
      join pg_class own on own.oid = p.inhrelid
      where not exists (
        select from pg_inherits part join pg_index o on o.indexrelid = part.inhrelid
        where part.inhparent = i.indexrelid and o.indrelid = p.inhrelid
      )
      order by own.relname desc, parent.relname`,
  });
  return rows;
}

/** On one connection without a transaction. One that was interrupted has left an index that is not valid: it is made again. */
export async function buildIndex(session: Pick<pg.PoolClient, 'query'>, { parent, partition, definition }: MissingIndex): Promise<void> {
  const name = `${partition}${parent.slice(parent.indexOf('_'))}`;
  await session.query(`drop index concurrently if exists ${name}`);
  await session.query(
    definition.replace(/^CREATE (UNIQUE )?INDEX \S+ ON (ONLY )?\S+ /, `create $1index concurrently ${name} on ${partition} `),
  );
  await session.query(`alter index ${parent} attach partition ${name}`);
}
