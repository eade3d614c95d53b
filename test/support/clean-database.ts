// Returns a used test database to the state of the template: the same rows, sequences and schema.
// This is many times cheaper than a new copy, which has a thousand files. A database with another schema is refused.
import type pg from 'pg';

export interface Pristine {
  schema: string;
  rows: { name: string; rows: string }[];
  sequences: { name: string; value: string | null }[];
}

const own = `(select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`;

const leaves = `select c.oid::regclass::text as name from pg_class c
  where c.relkind = 'r' and c.relnamespace in ${own} and pg_relation_size(c.oid) > 0`;

const schema = `select md5(string_agg(line, e'\\n' order by line)) as schema from (
    select concat_ws(' ', c.oid::regclass, c.relkind, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.reloptions) as line
    from pg_class c where c.relnamespace in ${own}
    union all select concat_ws(' ', a.attrelid::regclass, a.attname, a.atttypid, a.attnotnull, a.attacl)
    from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace in ${own} and c.relkind in ('r', 'p', 'v')
    union all select concat_ws(' ', oid::regprocedure, md5(prosrc), proacl) from pg_proc where pronamespace in ${own}
    union all select concat_ws(' ', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
    union all select concat_ws(' ', conrelid::regclass, conname, convalidated) from pg_constraint where connamespace in ${own}
    union all select concat_ws(' ', polrelid::regclass, polname, polroles::text, polqual::text, polwithcheck::text) from pg_policy
    union all select concat_ws(' ', setrole, setconfig) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
    where d.datname = current_database()
  ) lines`;

export async function readPristine(client: pg.Client): Promise<Pristine> {
  const tables = (await client.query<{ name: string }>(leaves)).rows;
  const rows: Pristine['rows'] = [];
  for (const { name } of tables) {
    const found = await client.query<{ rows: string }>(`select coalesce(json_agg(t), '[]')::text as rows from ${name} t`);
    rows.push({ name, rows: found.rows[0]?.rows ?? '[]' });
  }
  const sequences = await client.query<Pristine['sequences'][number]>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as value from pg_sequences`,
  );
  return { schema: await schemaOf(client), rows, sequences: sequences.rows };
}

async function schemaOf(client: pg.Client): Promise<string> {
  return (await client.query<{ schema: string }>(schema)).rows[0]?.schema ?? '';
}

/** Closes all other connections and restores the rows. False: the schema was changed, so the database cannot be used again. */
export async function cleanDatabase(client: pg.Client, pristine: Pristine): Promise<boolean> {
  await client.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
  if ((await schemaOf(client)) !== pristine.schema) return false;
  const used = (await client.query<{ name: string }>(leaves)).rows;
  const always = (
    await client.query<{ of: string; name: string }>(
      `select tgrelid::regclass::text as of, quote_ident(tgname) as name from pg_trigger where tgenabled = 'A'`,
    )
  ).rows;
  const statements = [
    'begin',
    // neither foreign keys nor triggers, except those that are always enabled
    `set local session_replication_role = 'replica'`,
    ...always.map(({ of, name }) => `alter table ${of} disable trigger ${name}`),
    ...used.map(({ name }) => `delete from ${name}`),
    ...pristine.rows.map(
      ({ name, rows }) => `insert into ${name} select * from json_populate_recordset(null::${name}, ${client.escapeLiteral(rows)})`,
    ),
    ...pristine.sequences.map(({ name, value }) =>
      value === null ? `select setval('${name}', 1, false)` : `select setval('${name}', ${value}, true)`,
    ),
    ...always.map(({ of, name }) => `alter table ${of} enable always trigger ${name}`),
    'commit',
  ];
  await client.query(statements.join(';\n'));
  return true;
}
