// A migration must leave what the version before it needs, and must not lock a large table (docs/upgrades.md). A statement
// that is safe all the same has a line above it that says why: `-- safe: …`.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';

const firstChecked = '000012';
/** Written before the first release, for tables that are small at that time. Add no others. */
const beforeFirstRelease = ['000014_consumers.sql', '000015_alerts.sql', '000016_stats.sql'];
const large = 'events|deliveries|attempts|event_ids|outbox|dispatches|stats_minutes|stats_hours|late_attempts|audit_log';

const rules: [fault: string, pattern: RegExp][] = [
  [
    'drops what the version before may read',
    /\bdrop\s+(table|column|function|view|type)\b|\balter\s+table\b[^;]*\bdrop\s+(?!constraint|default)/,
  ],
  ['renames what the version before may read', /\brename\b/],
  ['changes a type, and rewrites the table', /\balter\s+column\s+\w+\s+(set\s+data\s+)?type\b/],
  [
    'refuses rows that the version before writes',
    /\bset\s+not\s+null\b|\badd\s+column\s+(if\s+not\s+exists\s+)?\w+\s+(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/,
  ],
  [
    'locks a large table against writes',
    new RegExp(`\\bcreate\\s+(unique\\s+)?index\\s+(?!concurrently)[^;]*?\\bon\\s+(only\\s+)?(${large})\\b`),
  ],
  [
    'scans a large table under a lock',
    new RegExp(`\\balter\\s+table\\s+(${large})\\b[^;]*\\badd\\s+(constraint|check|foreign|primary|unique)\\b(?![^;]*\\bnot\\s+valid\\b)`),
  ],
  ['changes many rows in one transaction', new RegExp(`(^|;)\\s*(update|delete\\s+from)\\s+(${large})\\b`)],
];

/** The faults of a migration, with the statement. Bodies of functions and tables of its own are not looked at. */
function faultsOf(sql: string): string[] {
  const own = new Set(Array.from(sql.matchAll(/create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w.]+)/g), ([, name]) => name));
  const bare = sql.replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''").replace(/^-- safe: .+\n(?:(?!;)[\s\S])*;/gm, '');
  const statements = bare
    .replace(/--.*$/gm, '')
    .split(';')
    .map((text) => text.trim().toLowerCase());
  return statements.flatMap((statement) => {
    const of = /(?:\bon|alter\s+table|update|delete\s+from)\s+(?:only\s+)?([\w.]+)/.exec(statement)?.[1];
    if (of !== undefined && own.has(of)) return [];
    return rules.filter(([, pattern]) => pattern.test(statement)).map(([fault]) => `${fault}: ${statement.slice(0, 80)}`);
  });
}

it('finds each kind of fault', () => {
  const cases: [sql: string, faults: number][] = [
    ['alter table tenants drop column name;', 1],
    ['drop table alerts;', 1],
    ['alter table tenants rename column name to title;', 1],
    ['alter table tenants alter column name type varchar(10);', 1],
    ['alter table tenants add column a int not null;', 1],
    ['alter table tenants add column a int not null default 1, add column b int;', 0],
    ['alter table tenants alter column name set not null;', 1],
    ['create index a on deliveries (id);', 1],
    ['create index a on tenants (id);', 0],
    ['create table deliveries (id uuid); create index a on deliveries (id);', 0],
    ['alter table attempts add constraint c check (id is not null);', 1],
    ['alter table attempts add constraint c check (id is not null) not valid;', 0],
    ["update events set body = '';", 1],
    ['-- safe: nothing was released\ncreate index a on deliveries (id);', 0],
    ['-- safe: nothing was released\ncreate index a on deliveries (id);\ndrop table alerts;', 1],
    ["create function f() returns void language sql as $$ update events set body = '' $$;", 0],
  ];
  for (const [sql, faults] of cases) expect([sql, faultsOf(sql).length]).toEqual([sql, faults]);
});

it('no migration has one', () => {
  const files = globSync('migrations/0*.sql').filter(
    (file) => basename(file) >= firstChecked && !beforeFirstRelease.includes(basename(file)),
  );
  expect(files.length).toBeGreaterThan(1);
  expect(files.flatMap((file) => faultsOf(readFileSync(file, 'utf8')).map((fault) => `${basename(file)} ${fault}`))).toEqual([]);
});
