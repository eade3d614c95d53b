// Lists every column that the master key encrypts; `posthorn keys` counts and re-encrypts them. A
// column missing here would be lost with the old key, so a test compares the list with the schema.

import { idOf } from '#domain/ids';
import { pastContext } from '#sealing/endpoint-target-encryption';
import { contextOfShape } from '#sealing/shape';
import { contextOf } from './content-encryption.ts';

/** An encrypted value, and the primary key of its row as text. */
export interface SealedRow {
  at: string[];
  sealed: Buffer;
}

export interface SealedColumn {
  column: string;
  /** The context with which the value of this row is encrypted. */
  context(at: string[]): string;
  /** A value below every primary key. */
  start: string[];
  /** True: every process reads these rows sooner or later, so none starts without the keys of all of them. */
  checked: boolean;
  /** SQL: counts the rows by the key that encrypted them, in hex. */
  count: string;
  /** SQL: locks and reads the next `$3` rows after `$2` that another key than `$1` encrypted. */
  read: string;
  /** SQL: writes the values `$2`, encrypted again, into the rows `$1` (primary keys as JSON). */
  write: string;
}

const lowest = '00000000-0000-0000-0000-000000000000';
const text = (at: string[], index = 0) => at[index] ?? '';

const dataKeys: SealedColumn = {
  column: 'data_keys.sealed',
  context: (at) => contextOf(text(at)),
  start: [''],
  checked: true,
  count: `select encode(substring(sealed from 2 for 4), 'hex') as key, count(*) as rows from data_keys group by 1`,
  read: `
    select array[name] as at, sealed from data_keys
    where name > ($2::text[])[1] and substring(sealed from 2 for 4) <> decode($1, 'hex') order by name limit $3 for update`,
  write: `
    update data_keys k set sealed = i.sealed from unnest($1::jsonb[], $2::bytea[]) as i (at, sealed) where k.name = i.at ->> 0`,
};

/** A column `sealed` in a table whose primary key is `id`. */
function sealedById(table: string, context: (id: string) => string, alsoSet = ''): SealedColumn {
  return {
    column: `${table}.sealed`,
    context: (at) => context(text(at)),
    start: [lowest],
    checked: true,
    count: `select encode(substring(sealed from 2 for 4), 'hex') as key, count(*) as rows from ${table} where sealed is not null group by 1`,
    read: `
      select array[id::text] as at, sealed from ${table}
      where id > ($2::text[])[1]::uuid and substring(sealed from 2 for 4) <> decode($1, 'hex') order by id limit $3 for update`,
    write: `
      update ${table} t set sealed = i.sealed${alsoSet} from unnest($1::jsonb[], $2::bytea[]) as i (at, sealed)
      where t.id = (i.at ->> 0)::uuid`,
  };
}

const pastTargets: SealedColumn = {
  column: 'past_targets.sealed',
  context: (at) => pastContext(idOf('ep', text(at))),
  start: [lowest, '0'],
  checked: true,
  count: `select encode(substring(sealed from 2 for 4), 'hex') as key, count(*) as rows from past_targets group by 1`,
  read: `
    select array[endpoint_id::text, target_version::text] as at, sealed from past_targets
    where (endpoint_id, target_version) > (($2::text[])[1]::uuid, ($2::text[])[2]::int) and substring(sealed from 2 for 4) <> decode($1, 'hex')
    order by endpoint_id, target_version limit $3 for update`,
  write: `
    update past_targets p set sealed = i.sealed
    from unnest($1::jsonb[], $2::bytea[]) as i (at, sealed) where p.endpoint_id = (i.at ->> 0)::uuid and p.target_version = (i.at ->> 1)::int`,
};

const answers: SealedColumn = {
  column: 'idempotency_keys.response',
  context: (at) => `idempotency/${text(at)}/${text(at, 1)}`,
  start: ['', ''],
  // millions of rows, deleted within a day
  checked: false,
  count: `select encode(substring(response from 2 for 4), 'hex') as key, count(*) as rows from idempotency_keys where response is not null group by 1`,
  read: `
    select array[scope, key] as at, response as sealed from idempotency_keys
    where (scope, key) > (($2::text[])[1], ($2::text[])[2]) and substring(response from 2 for 4) <> decode($1, 'hex')
    order by scope, key limit $3 for update`,
  write: `
    update idempotency_keys k set response = i.sealed from unnest($1::jsonb[], $2::bytea[]) as i (at, sealed)
    where k.scope = i.at ->> 0 and k.key = i.at ->> 1`,
};

export const sealedColumns: SealedColumn[] = [
  dataKeys,
  // processes that cache endpoints see by the version that they must read them again
  sealedById('endpoints', (id) => idOf('ep', id), ", version = nextval('config_version')"),
  pastTargets,
  sealedById('shapes', contextOfShape),
  sealedById('endpoint_secrets', (id) => idOf('sec', id)),
  sealedById('signing_keys', (id) => idOf('sgk', id)),
  sealedById('alert_channels', (id) => idOf('ach', id)),
  answers,
];
