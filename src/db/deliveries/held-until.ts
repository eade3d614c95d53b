// When a held delivery may be sent at the earliest: not before its lane acts, and never while the
// gate of its endpoint is closed.
import { idOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

interface HeldRow {
  endpoint_id: string;
  status: string;
  hurried: boolean;
  next_attempt_at: Date | null;
}

/**
 * The next attempt of a delivery, as far as it is known; null: there is none, or not before its endpoint is resumed or
 * verified.
 */
export type NextAttempt = (row: HeldRow) => Date | null;

export async function nextAttemptsOf(db: Pick<Db, 'query'>, rows: readonly HeldRow[]): Promise<NextAttempt> {
  const held = new Set(rows.filter(({ status }) => status === 'held').map(({ endpoint_id }) => endpoint_id));
  const until = held.size === 0 ? new Map<string, Until>() : await readUntil(db, [...held]);
  return ({ endpoint_id, status, hurried, next_attempt_at: own }) => {
    const lane = status === 'held' ? until.get(idOf('ep', endpoint_id)) : undefined;
    if (!lane) return own;
    if (lane.closed) return null;
    return lane.at && !hurried && (own === null || lane.at > own) ? lane.at : own;
  };
}

interface Until {
  closed: boolean;
  at: Date | null;
}

async function readUntil(db: Pick<Db, 'query'>, endpointIds: string[]): Promise<Map<string, Until>> {
  const { rows } = await db.query<{ id: string } & Until>({
    name: 'read_held_until',
    text: `
      select p.id, p.gate <> 'open' as closed, greatest(p.not_before, case when l.state = 'blocked' then l.due_at end) as at
      from endpoints p left join lanes l on l.endpoint_id = p.id where p.id = any($1::uuid[])`,
    values: [endpointIds],
  });
  return new Map(rows.map(({ id, closed, at }) => [idOf('ep', id), { closed, at }]));
}
