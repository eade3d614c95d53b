// Event types of the catalogue: list and read them. A caller that is bound to a tenant sees the public ones.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import {
  type ListedType,
  type StoredType,
  type TypeRow,
  toStored,
  toVersion,
  typeColumns,
  type VersionRow,
  versionColumns,
} from './event-type-row.ts';

type Querying = Pick<Db, 'query'>;

export interface TypesWanted {
  /** A part of the name, the description, the owner or a tag, in any case. */
  search: string | null;
  group: string | null;
  tag: string | null;
  owner: string | null;
  /** `prefix.*`, a name, or `*`. */
  pattern: string | null;
  state: 'active' | 'deprecated' | 'sunset' | null;
}

/** Types older than `before` (an `ety_…`), newest first. */
export async function listTypes(db: Querying, wanted: TypesWanted, before: string | null, limit: number): Promise<ListedType[]> {
  const { search, group, tag, owner, pattern, state } = wanted;
  const prefix = pattern?.endsWith('*') ? pattern.slice(0, -1) : null;
  const { rows } = await db.query<TypeRow & { versions: number[] }>({
    name: 'list_event_types',
    text: `
      select ${typeColumns}, array(select version from event_type_versions where type_id = t.id order by version) as versions
      from event_types t
      where t.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and ($3::text is null or strpos(lower(concat_ws(E'\\n', t.name, t.description, t.owner, array_to_string(t.tags, E'\\n'))), lower($3)) > 0)
        and ($4::text is null or t.group_name = $4) and ($5::text is null or $5 = any(t.tags)) and ($6::text is null or t.owner = $6)
        and ($7::text is null or t.name = $7) and ($8::text is null or starts_with(t.name, $8))
        and ($9::text is null or $9 = case when t.sunset_at <= now() then 'sunset' when t.deprecated_at <= now() then 'deprecated' else 'active' end)
      order by t.id desc limit $2`,
    values: [before && uuidOf(before), limit, search, group, tag, owner, prefix === null ? pattern : null, prefix, state],
  });
  return rows.map((row) => toStored(row, row.versions));
}

/** Null: no such type. `lock`: for a change in the same transaction. */
export async function readType(db: Querying, name: string, lock = false): Promise<StoredType | null> {
  const { rows } = await db.query<TypeRow>({
    name: lock ? 'lock_event_type' : 'read_event_type',
    text: `select ${typeColumns} from event_types t where t.name = $1 ${lock ? 'for update' : ''}`,
    values: [name],
  });
  const [row] = rows;
  if (!row) return null;
  const versions = await db.query<VersionRow>({
    name: 'read_event_type_versions',
    text: `select ${versionColumns} from event_type_versions v where v.type_id = $1 order by v.version`,
    values: [row.id],
  });
  return toStored(row, versions.rows.map(toVersion));
}
/** All types with all versions, by name. */
export async function readAllTypes(db: Querying): Promise<StoredType[]> {
  const types = await db.query<TypeRow>({
    name: 'read_all_event_types',
    text: `select ${typeColumns} from event_types t order by t.name`,
  });
  const versions = await db.query<VersionRow & { type_id: string }>({
    name: 'read_all_event_type_versions',
    text: `select v.type_id, ${versionColumns} from event_type_versions v order by v.version`,
  });
  const byType = Map.groupBy(versions.rows, ({ type_id }) => type_id);
  return types.rows.map((row) => toStored(row, (byType.get(row.id) ?? []).map(toVersion)));
}
