// Converters between versions of event types, and what a pinned version means with the converters of now.
import { type Converter, type Pin, wayBetween } from '#domain/shaping/pins';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

const lock = 7_061_103;

/**
 * Until the end of the transaction. Endpoints pin versions under the shared lock; converters and versions change under the
 * exclusive one, and give the endpoints that pin them their new shapes. So no endpoint keeps converters of before.
 */
export async function lockPins(db: Querying, mode: 'shared' | 'exclusive'): Promise<void> {
  await db.query(`select ${mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'}($1)`, [lock]);
}

export interface TypeConverters {
  /** Lowest first. */
  versions: number[];
  converters: Converter[];
}

/** By type; types that are not in the catalogue, or that the caller may not see, are left out. */
export async function readConverters(db: Querying, types: string[]): Promise<Map<string, TypeConverters>> {
  const { rows } = await db.query<{ name: string; versions: number[]; converters: Converter[] }>({
    name: 'read_converters',
    text: `
      select t.name, array(select v.version from event_type_versions v where v.type_id = t.id order by v.version) as versions,
        (select coalesce(json_agg(json_build_object('from', c.from_version, 'to', c.to_version, 'steps', c.steps) order by c.from_version, c.to_version), '[]')
          from event_type_converters c where c.type_id = t.id) as converters
      from event_types t where t.name = any($1::text[])`,
    values: [types],
  });
  return new Map(rows.map(({ name, versions, converters }) => [name, { versions, converters }]));
}

/** Call it under the shared lock. `problems`: versions that cannot be pinned, by their type. */
export async function pinsOf(
  db: Querying,
  versions: Record<string, number>,
): Promise<{ pins: Record<string, Pin>; problems: { type: string; message: string }[] }> {
  const known = await readConverters(db, Object.keys(versions));
  const problems = Object.entries(versions).flatMap(([type, to]) => {
    const message = pinProblem(type, to, known.get(type));
    return message === null ? [] : [{ type, message }];
  });
  const pins = Object.entries(versions).map(([type, to]) => [type, { to, converters: known.get(type)?.converters ?? [] }]);
  return { pins: Object.fromEntries(pins), problems };
}

function pinProblem(type: string, to: number, known: TypeConverters | undefined): string | null {
  if (!known) return 'is not an event type of the catalogue';
  const { versions, converters } = known;
  const current = versions.at(-1);
  if (current === undefined || !versions.includes(to)) return `has no version ${to}; it has ${versions.join(', ') || 'none'}`;
  if (wayBetween(converters, current, to)) return null;
  return `cannot be pinned to version ${to}: no converter leads there from version ${current}; store one at /v1/event-types/${type}/converters`;
}

/** Adds or replaces it. False: no such type. */
export async function putConverter(db: Querying, type: string, { from, to, steps }: Converter): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'put_converter',
    text: `
      insert into event_type_converters (type_id, from_version, to_version, steps) select id, $2, $3, $4::json from event_types where name = $1
      on conflict (type_id, from_version, to_version) do update set steps = excluded.steps, updated_at = now()`,
    values: [type, from, to, JSON.stringify(steps)],
  });
  return rowCount === 1;
}

/** False: there is none. */
export async function removeConverter(db: Querying, type: string, from: number, to: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'remove_converter',
    text: `
      delete from event_type_converters c using event_types t
      where t.id = c.type_id and t.name = $1 and c.from_version = $2 and c.to_version = $3`,
    values: [type, from, to],
  });
  return rowCount === 1;
}
