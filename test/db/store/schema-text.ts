// Writes the schema of a database as SQL, read from PostgreSQL's catalogs: pg_dump is not among the
// project's dependencies. Objects are sorted by name; partitions are left out.
import type { Db } from '#db/store/pool';

/** One line or statement about an object: a table, a sequence or a function. */
interface Line {
  object: string;
  text: string;
}

export async function schemaText(db: Pick<Db, 'query'>): Promise<string> {
  const read = async (text: string) => Map.groupBy((await db.query<Line>(text)).rows, ({ object }) => object);
  const parts = { sequences: await read(sequences), functions: await read(functions), tables: await read(tables) };
  const [columns, rights] = [await read(columnsAndConstraints), await read(grants)];
  const ofTable = [await read(indexes), await read(triggers), await read(rowSecurity), await read(policies)];
  const linesOf = (found: Map<string, Line[]>, object: string) => (found.get(object) ?? []).map(({ text }) => text);

  const tableText = (object: string, head: string) => {
    const [opening = '', closing = ''] = head.split('…');
    const inside = linesOf(columns, object).map((line) => `  ${line}`);
    return [opening, inside.join(',\n'), closing, ...ofTable.flatMap((found) => linesOf(found, object))];
  };
  const text = [parts.sequences, parts.tables, parts.functions].flatMap((found) =>
    [...found].map(([object, [head]]) =>
      [...(found === parts.tables ? tableText(object, head?.text ?? '') : [head?.text]), ...linesOf(rights, object)].join('\n'),
    ),
  );
  return `${text.join('\n\n')}\n`;
}

// the schemas of Posthorn: the current one, and that of the audit log
const ours = `n.nspname in (current_schema(), 'posthorn_audit')`;
const relations = `from pg_class t join pg_namespace n on n.oid = t.relnamespace and ${ours} and not t.relispartition`;
const name = 't.oid::regclass';

const sequences = `
  select ${name}::text as object, format('create sequence %s;', ${name}) as text ${relations} where t.relkind = 'S' order by 1`;

const functions = `
  select f.oid::regprocedure::text as object, rtrim(pg_get_functiondef(f.oid), e'\\n') || ';' as text
  from pg_proc f join pg_namespace n on n.oid = f.pronamespace and ${ours} order by 1`;

const tables = `
  select ${name}::text as object, format('create %stable %s (…)%s%s;', case t.relpersistence when 'u' then 'unlogged ' end, ${name},
    ' partition by ' || pg_get_partkeydef(t.oid), ' with (' || array_to_string(t.reloptions, ', ') || ')') as text
  ${relations} where t.relkind in ('r', 'p') order by 1`;

const columnsAndConstraints = `
  select object, text from (
    select ${name}::text as object, 1 as part, a.attnum::text as n, format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' end,
      case a.attgenerated when 's' then ' generated always as ' || pg_get_expr(d.adbin, d.adrelid) || ' stored'
        else ' default ' || pg_get_expr(d.adbin, d.adrelid) end) as text
    ${relations} join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where t.relkind in ('r', 'p')
    union all
    -- not null constraints stand beside their columns
    select ${name}::text, 2, c.conname, format('constraint %I %s', c.conname, pg_get_constraintdef(c.oid))
    ${relations} join pg_constraint c on c.conrelid = t.oid and c.contype <> 'n'
  ) lines order by object, part, case part when 1 then lpad(n, 5, '0') else n end`;

const indexes = `
  select ${name}::text as object, pg_get_indexdef(i.indexrelid) || ';' as text
  ${relations} join pg_index i on i.indrelid = t.oid
  where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = t.oid)
  order by i.indexrelid::regclass::text`;

const triggers = `
  select ${name}::text as object, pg_get_triggerdef(g.oid) || ';' || case g.tgenabled when 'A' then ' -- always enabled' else '' end as text
  ${relations} join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal order by g.tgname`;

const rowSecurity = `
  select ${name}::text as object, format('alter table %s enable row level security;', ${name}) as text ${relations} where t.relrowsecurity`;

const policies = `
  select format('%I.%I', p.schemaname, p.tablename)::regclass::text as object,
    format('create policy %I on %s for %s to %s using (%s)%s;', p.policyname, format('%I.%I', p.schemaname, p.tablename)::regclass, lower(p.cmd),
      array_to_string(p.roles, ', '), p.qual, ' with check (' || p.with_check || ')') as text
  from pg_policies p join pg_namespace n on n.nspname = p.schemaname and ${ours} order by p.policyname`;

/** Rights of anybody but the owner: on relations, on their columns, on functions (`public` unless revoked). */
const grants = `
  with granted (object, acl, owner, columns) as (
    select ${name}::text, t.relacl, t.relowner, null ${relations}
    union all select ${name}::text, a.attacl, t.relowner, a.attname::text ${relations} join pg_attribute a on a.attrelid = t.oid
    union all select f.oid::regprocedure::text, coalesce(f.proacl, acldefault('f', f.proowner)), f.proowner, null
    from pg_proc f join pg_namespace n on n.oid = f.pronamespace and ${ours}
  )
  select object, format('grant %s%s on %s to %s;', lower(privilege_type), ' (' || string_agg(columns, ', ' order by columns) || ')', object,
    case grantee when 0 then 'public' else grantee::regrole::text end) as text
  from granted, aclexplode(acl) where grantee <> owner
  group by object, privilege_type, grantee, columns is null order by 1, 2`;
