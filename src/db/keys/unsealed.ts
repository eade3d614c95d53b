// Encrypts the targets of endpoints that were stored before encryption existed. Runs at the start,
// a few rows at a time.
import { idOf, uuidOf } from '#domain/ids';
import { type SealedTarget, sealTarget } from '#sealing/endpoint-target-encryption';
import type { Vault } from '#sealing/vault';
import { type Db, inTransaction } from '../store/pool.ts';

const atOnce = 500;

/** If two processes run it at once, they wait for each other's rows, and the second finds none left. */
export async function sealWhatIsNot(db: Db, vault: Vault): Promise<void> {
  while ((await sealSome(db, vault)) === atOnce);
}

function sealSome(db: Db, vault: Vault): Promise<number> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ id: string; url: string; headers: Record<string, string> }>(
      `select id, unsealed_url as url, unsealed_headers as headers from endpoints where unsealed_url is not null order by id limit $1 for update`,
      [atOnce],
    );
    const sealed = rows.map(({ id, url, headers }): SealedTarget => sealTarget(vault, idOf('ep', id), { url, headers, auth: null }));
    await client.query(
      `update endpoints p set sealed = s.sealed, host = s.host, unsealed_url = null, unsealed_headers = null, version = nextval('config_version')
       from unnest($1::uuid[], $2::bytea[], $3::text[]) as s (id, sealed, host) where p.id = s.id`,
      [rows.map(({ id }) => uuidOf(idOf('ep', id))), sealed.map((one) => one.sealed), sealed.map(({ host }) => host)],
    );
    return rows.length;
  });
}
