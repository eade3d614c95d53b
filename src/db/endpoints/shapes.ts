// Shapes of endpoints: stored once for each content, and never changed.
import { idOf, uuidOf } from '#domain/ids';
import type { SealedShape } from '#sealing/shape';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

/**
 * Makes it the shape of the deliveries that are planned from now on; null: none. Run in the transaction that changes the
 * endpoint. A shape that the endpoint had before is used again.
 */
export async function setShape(db: Querying, endpointId: string, shape: SealedShape | null): Promise<void> {
  if (shape) {
    await db.query({
      name: 'store_shape',
      text: `
        insert into shapes (id, endpoint_id, sealed, is_whole, pinned) values ($1, $2, $3, $4, $5)
        on conflict (id) do update set replaced_at = null`,
      values: [shape.id, uuidOf(endpointId), shape.sealed, shape.isWhole, shape.pinned],
    });
  }
  await db.query({
    name: 'set_shape',
    text: `
      with replaced as (
        update shapes set replaced_at = now() where endpoint_id = $1 and id is distinct from $2 and replaced_at is null
      )
      update endpoints set shape_id = $2, version = nextval('config_version'), updated_at = now() where id = $1`,
    values: [uuidOf(endpointId), shape?.id ?? null],
  });
}

/** The endpoints that pin a version of the type, after `after`, in the order of ids, with their shapes. */
export async function endpointsPinning(
  db: Querying,
  type: string,
  after: string | null,
  limit: number,
): Promise<{ endpointId: string; shape: { id: string; sealed: Buffer } }[]> {
  const { rows } = await db.query<{ endpoint_id: string; id: string; sealed: Buffer }>({
    name: 'endpoints_pinning',
    text: `
      select s.endpoint_id, s.id, s.sealed from shapes s join endpoints p on p.shape_id = s.id and p.deleted_at is null
      where s.replaced_at is null and s.pinned @> array[$1::text] and s.endpoint_id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
      order by s.endpoint_id limit $3`,
    values: [type, after && uuidOf(after), limit],
  });
  return rows.map(({ endpoint_id, id, sealed }) => ({ endpointId: idOf('ep', endpoint_id), shape: { id, sealed } }));
}

/** All shapes of an endpoint that deliveries may be bound to. */
export async function shapesOfEndpoint(db: Querying, endpointId: string): Promise<{ id: string; sealed: Buffer }[]> {
  const { rows } = await db.query<{ id: string; sealed: Buffer }>({
    name: 'shapes_of_endpoint',
    text: 'select id, sealed from shapes where endpoint_id = $1',
    values: [uuidOf(endpointId)],
  });
  return rows;
}

/** The encrypted shape of each id. */
export async function readShapes(db: Querying, ids: string[]): Promise<Map<string, Buffer>> {
  const { rows } = await db.query<{ id: string; sealed: Buffer }>({
    name: 'read_shapes',
    text: 'select id, sealed from shapes where id = any($1::uuid[])',
    values: [ids],
  });
  return new Map(rows.map(({ id, sealed }) => [id, sealed]));
}

/**
 * Deletes shapes that no delivery refers to any more: all events were accepted later. A relay may plan with the shape
 * before for some seconds, hence the day. Returns how many; 0: none are left.
 */
export async function deleteOldShapes(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_shapes',
    text: `
      delete from shapes where id in (
        select s.id from shapes s
        where s.replaced_at < coalesce((select accepted_at from events order by id limit 1), now()) - interval '1 day'
        limit 1000) and replaced_at is not null`,
  });
  return rowCount ?? 0;
}
