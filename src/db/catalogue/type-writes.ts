// The statements that change the catalogue. They run within a transaction of their caller, which also writes the audit log.
import { mostTypes, type TypeSettings, type TypeVersion } from '#domain/catalogue/event-type';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

export interface TypeToCreate {
  /** `ety_…` */
  id: string;
  name: string;
  settings: TypeSettings;
}

/**
 * `taken`: another type has the name. `full`: there are `mostTypes`. Run twice with the same id: the second run returns
 * `exists` and changes nothing.
 */
export async function insertType(db: Querying, { id, name, settings }: TypeToCreate): Promise<'made' | 'exists' | 'taken' | 'full'> {
  const { rowCount } = await db.query({
    name: 'create_event_type',
    text: `
      insert into event_types (id, name, description, group_name, owner, tags, visibility, validation, deprecated_at, sunset_at)
      select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 where (select count(*) from event_types) < ${mostTypes}
      on conflict do nothing`,
    values: [uuidOf(id), name, ...columnsOf(settings)],
  });
  if (rowCount === 1) return 'made';
  const { rows } = await db.query<{ id: string }>({
    name: 'event_type_of_name',
    text: 'select id from event_types where name = $1',
    values: [name],
  });
  const found = rows[0]?.id.replaceAll('-', '');
  if (found === undefined) return 'full';
  return found === uuidOf(id) ? 'exists' : 'taken';
}

function columnsOf({ description, group, owner, tags, visibility, validation, deprecatedAt, sunsetAt }: TypeSettings): unknown[] {
  return [description, group, owner, tags, visibility, validation, deprecatedAt, sunsetAt];
}

export async function updateType(db: Querying, name: string, settings: TypeSettings): Promise<void> {
  await db.query({
    name: 'change_event_type',
    text: `
      update event_types set description = $2, group_name = $3, owner = $4, tags = $5, visibility = $6, validation = $7, deprecated_at = $8,
        sunset_at = $9, updated_at = now()
      where name = $1`,
    values: [name, ...columnsOf(settings)],
  });
}

/** False: no such type. */
export async function removeType(db: Querying, name: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'delete_event_type', text: 'delete from event_types where name = $1', values: [name] });
  return rowCount === 1;
}

/** Adds the version, or replaces the one with its number. */
export async function putVersion(db: Querying, name: string, { version, schema, examples }: TypeVersion): Promise<void> {
  await db.query({
    name: 'put_event_type_version',
    text: `
      insert into event_type_versions (type_id, version, schema, examples)
      select id, $2, $3::json, $4::json from event_types where name = $1
      on conflict (type_id, version) do update
      set schema = excluded.schema, examples = excluded.examples, revision = nextval('config_version'), updated_at = now()`,
    values: [name, version, schema === undefined ? null : JSON.stringify(schema), JSON.stringify(examples)],
  });
  await db.query({ name: 'touch_event_type', text: 'update event_types set updated_at = now() where name = $1', values: [name] });
}
