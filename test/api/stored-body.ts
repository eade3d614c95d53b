// Reads and decrypts the stored body of an event, as endpoints will get it.
import { idOf } from '#domain/ids';
import type { ApiServer } from './api-server.ts';

/** Finds the event by the producer's id. */
export async function storedBody({ db, deps }: ApiServer, externalId: string): Promise<string> {
  const { rows } = await db.query<{ id: string; body: Buffer }>('select id, body from events where external_id = $1', [externalId]);
  const [row] = rows;
  if (!row) throw new Error(`no event ${externalId}`);
  return Buffer.from(await deps.contents.open(idOf('evt', row.id), row.body)).toString();
}
