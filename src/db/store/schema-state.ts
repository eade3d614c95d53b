// Compares the migrations of a database with those of this version, and changes nothing.
import { checkApplied, readApplied, readMigrations, UnknownSchema } from './migrate.ts';
import type { Db } from './pool.ts';

export interface SchemaState {
  /** Migrations that the database has. */
  applied: number;
  /** Those of this version that it lacks, in their order. */
  missing: string[];
  /** Those of a later version. */
  later: string[];
  /** Why no migration leads from this database to this version. Null: they do. */
  fault: string | null;
}

export async function readSchemaState(db: Db, folder: string): Promise<SchemaState> {
  const migrations = await readMigrations(folder);
  const names = migrations.map(({ name }) => name);
  const { rows } = await db.query<{ exists: boolean }>(`select to_regclass('migrations') is not null as exists`);
  const applied = rows[0]?.exists ? await readApplied(db) : new Map<string, string | null>();
  return {
    applied: applied.size,
    missing: names.filter((name) => !applied.has(name)),
    later: [...applied.keys()].filter((name) => name > (names.at(-1) ?? '')),
    fault: faultOf(() => checkApplied(applied, migrations)),
  };
}

function faultOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof UnknownSchema) return error.message;
    throw error;
  }
}
