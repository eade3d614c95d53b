// What a process keeps in memory of the catalogue: the settings of all types, and a schema when it is first needed.
import type { Strictness } from '#domain/catalogue/event-type';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

export interface KnownType {
  name: string;
  validation: Strictness;
  /** Unix ms; null: never. */
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  /** Lowest first. */
  versions: readonly number[];
  /** Of each version the revision of its schema; null: the version has no schema. */
  revisions: ReadonlyMap<number, number | null>;
}

export async function readKnownTypes(db: Querying): Promise<Map<string, KnownType>> {
  const { rows } = await db.query<{
    name: string;
    validation: Strictness;
    deprecated_ms: number | null;
    sunset_ms: number | null;
    versions: number[];
    revisions: (number | null)[];
  }>({
    name: 'read_known_event_types',
    text: `
      select t.name, t.validation, extract(epoch from t.deprecated_at)::float8 * 1000 as deprecated_ms,
        extract(epoch from t.sunset_at)::float8 * 1000 as sunset_ms, v.versions, v.revisions
      from event_types t cross join lateral (
        select coalesce(array_agg(version order by version), '{}') as versions,
          coalesce(array_agg(case when schema is null then null else revision::float8 end order by version), '{}') as revisions
        from event_type_versions where type_id = t.id
      ) v`,
  });
  return new Map(
    rows.map(({ name, validation, deprecated_ms, sunset_ms, versions, revisions }) => [
      name,
      {
        name,
        validation,
        deprecatedAtMs: deprecated_ms,
        sunsetAtMs: sunset_ms,
        versions,
        revisions: new Map(versions.map((version, index) => [version, revisions[index] ?? null])),
      },
    ]),
  );
}

/** Null: the version, or its schema, does not exist any more. */
export async function readSchema(db: Querying, name: string, version: number): Promise<{ schema: unknown; revision: number } | null> {
  const { rows } = await db.query<{ schema: unknown; revision: number }>({
    name: 'read_event_type_schema',
    text: `
      select v.schema, v.revision from event_type_versions v join event_types t on t.id = v.type_id
      where t.name = $1 and v.version = $2 and v.schema is not null`,
    values: [name, version],
  });
  return rows[0] ?? null;
}

/** Sends a word to the processes that listen to changes of the catalogue, this one included. */
export async function pingCatalogue(db: Querying, word: string): Promise<void> {
  await db.query('select pg_notify($1, $2)', ['posthorn_catalogue', word]);
}
