// The attempt of a test of a webhook channel.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** Null: none was made yet. */
export async function readFirstAttempt(db: Db, deliveryId: string): Promise<{ outcome: string; message: string } | null> {
  const { rows } = await db.query<{ outcome: string; message: string }>({
    // not prepared by name: the id selects the partition
    text: 'select outcome, message from attempts where delivery_id = $1 order by id limit 1',
    values: [uuidOf(deliveryId)],
  });
  return rows[0] ?? null;
}
