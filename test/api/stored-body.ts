// The body that endpoints will get, as it is stored, opened.
import { idOf } from '#domain/ids';
import type { ApiServer } from './api-server.ts';

/** By the producer's id of the event. */
export async function storedBody({ db, deps }: ApiServer, externalId: string): Promise<string> {
  const { rows } = await db.query<{ id: string; body: Buffer }>('select id, body from events where external_id = $1', [externalId]);
  const [row] = rows;
  if (!row) throw new Error(`no event ${externalId}`);
  return Buffer.from(await deps.contents.open(idOf('evt', row.id), row.body)).toString();
}
