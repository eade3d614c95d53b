// The row of an event type with its versions, and what is made of it.
import type { Strictness, TypeSettings, TypeVersion, Visibility } from '#domain/catalogue/event-type';
import { idOf } from '#domain/ids';

export interface StoredVersion extends TypeVersion {
  createdAt: string;
  updatedAt: string;
}

export interface StoredType {
  /** `ety_…` */
  id: string;
  name: string;
  settings: TypeSettings;
  /** Lowest first. */
  versions: StoredVersion[];
  createdAt: string;
  updatedAt: string;
}

/** A type of a list: its versions are numbers. */
export type ListedType = Omit<StoredType, 'versions'> & { versions: number[] };

export interface TypeRow {
  id: string;
  name: string;
  description: string;
  group_name: string | null;
  owner: string | null;
  tags: string[];
  visibility: Visibility;
  validation: Strictness;
  deprecated_at: Date | null;
  sunset_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface VersionRow {
  version: number;
  schema: unknown;
  examples: unknown[];
  created_at: Date;
  updated_at: Date;
}

export const typeColumns = `
  t.id, t.name, t.description, t.group_name, t.owner, t.tags, t.visibility, t.validation, t.deprecated_at, t.sunset_at, t.created_at, t.updated_at`;
export const versionColumns = 'v.version, v.schema, v.examples, v.created_at, v.updated_at';

export function toStored<V>(row: TypeRow, versions: V[]): Omit<StoredType, 'versions'> & { versions: V[] } {
  return {
    id: idOf('ety', row.id),
    name: row.name,
    settings: {
      description: row.description,
      group: row.group_name,
      owner: row.owner,
      tags: row.tags,
      visibility: row.visibility,
      validation: row.validation,
      deprecatedAt: row.deprecated_at?.toISOString() ?? null,
      sunsetAt: row.sunset_at?.toISOString() ?? null,
    },
    versions,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

export function toVersion(row: VersionRow): StoredVersion {
  return {
    version: row.version,
    ...(row.schema !== null && { schema: row.schema }),
    examples: row.examples,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
