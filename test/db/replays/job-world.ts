// Replay jobs without workers: tenants, endpoints, events and deliveries as rows, and the pages of a job.
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { bySystem } from '#db/audit/audit';
import { saveCount } from '#db/replays/replay-job';
import { createReplay } from '#db/replays/replays';
import { deliveryId, idOf, makeId, uuidOf } from '#domain/ids';
import type { ReplaySelection } from '#domain/replays/replay';
import { newId } from '#runtime/new-id';

export interface EndpointFacts {
  event_types?: string[];
  channels?: string[];
  /** JSON. */
  filter?: string;
  ordering?: string;
  gate?: string;
  on_dead_letter?: string;
  created_at?: Date;
}

export interface DeliveryRow {
  id: string;
  status: string;
  round: number;
  attempts: number;
  pumped: boolean;
  replay_id: string | null;
  position: number | null;
  own_workflow: boolean;
  unsignalled_since: Date | null;
  next_attempt_at: Date | null;
}

export const jobWorld = (db: pg.Pool) => {
  // a whole minute, so that the events of a test are of one day, at whatever time it runs
  const begunMs = Math.floor((Date.now() - 60_000) / 60_000) * 60_000;
  let eventMs = begunMs;
  const world = {
    async tenant(): Promise<string> {
      const id = newId('tnt');
      await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2)', [uuidOf(id), id]);
      return id;
    },
    async endpoint(tenantId: string, facts: EndpointFacts = {}): Promise<string> {
      const id = newId('ep');
      await db.query(
        `insert into endpoints (id, tenant_id, sealed, host, event_types, channels, ordering, gate, on_dead_letter, created_at, filter)
         values ($1, $2, '', 'x', $3, $4, $5, $6, $7, coalesce($8, now() - interval '2 days'), $9)`,
        [
          ...[uuidOf(id), uuidOf(tenantId), facts.event_types ?? [], facts.channels ?? [], facts.ordering ?? 'none'],
          ...[facts.gate ?? 'open', facts.on_dead_letter ?? 'skip', facts.created_at ?? null, facts.filter ?? null],
        ],
      );
      return id;
    },
    async event(tenantId: string, more: { type?: string; channels?: string[]; only?: string; body?: string } = {}): Promise<string> {
      // in the order of their creation, which ids of one millisecond are not
      const id = makeId('evt', ++eventMs, randomBytes(10));
      await db.query(
        `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position, only_endpoint_id)
         values ($1, $2, $3, $4, $5, $7, '', now(), nextval('event_position'), $6)`,
        [
          uuidOf(id),
          uuidOf(tenantId),
          id,
          more.type ?? 'order.created',
          more.channels ?? [],
          more.only ? uuidOf(more.only) : null,
          Buffer.from(more.body ?? '{}'),
        ],
      );
      return id;
    },
    /** Of a new event. `columns`: further ones, as SQL. */
    async delivery(
      tenantId: string,
      endpointId: string,
      status = 'dead_lettered',
      columns: Record<string, unknown> = {},
      more = {},
    ): Promise<string> {
      const eventId = await world.event(tenantId, more);
      const id = deliveryId(eventId, endpointId);
      await db.query(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, last_outcome, pumped, position, own_workflow)
         select $1, e.id, $3, e.tenant_id, e.type, $4, 3, 'http_status', $5, $6, true from events e where e.id = $2`,
        [uuidOf(id), uuidOf(eventId), uuidOf(endpointId), status, columns.pumped ?? false, columns.position ?? null],
      );
      return id;
    },
    async rows(...ids: string[]): Promise<DeliveryRow[]> {
      const { rows } = await db.query<DeliveryRow>(
        `select id, status, round, attempts, pumped, replay_id, position, own_workflow, unsignalled_since, next_attempt_at from deliveries where id = any($1::uuid[])`,
        [ids.map(uuidOf)],
      );
      const byId = new Map(rows.map((row) => [idOf('dlv', row.id), row]));
      return ids.flatMap((id) => byId.get(id) ?? []);
    },
    async deliveriesOf(endpointId: string): Promise<DeliveryRow[]> {
      const { rows } = await db.query<{ id: string }>('select id from deliveries where endpoint_id = $1 order by id', [uuidOf(endpointId)]);
      return world.rows(...rows.map(({ id }) => idOf('dlv', id)));
    },
    /** A job that runs, for all events of this world. */
    async job(
      of: { tenantId?: string | null; endpointId?: string | null },
      selection: Partial<ReplaySelection> = {},
      perSecond = 1_000,
    ): Promise<string> {
      const replayId = newId('rpl');
      const { tenantId = null, endpointId = null } = of;
      const whole: ReplaySelection = {
        statuses: ['dead_lettered'],
        neverAttempted: false,
        types: [],
        target: 'frozen',
        deliveries: null,
        since: new Date(begunMs).toISOString(),
        until: new Date(Date.now() + 1_000).toISOString(),
        ...selection,
      };
      await createReplay(db, { replayId, tenantId, endpointId, selection: whole, perSecond, createdBy: 'test' }, bySystem('replay.create'));
      await saveCount(db, replayId, { matched: 0, endpoints: 0, tenants: 0 });
      return replayId;
    },
  };
  return world;
};
