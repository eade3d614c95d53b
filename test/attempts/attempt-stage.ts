// What tests of attempts need: a database, a receiver, a sender, and lanes without Temporal.
import { randomBytes } from 'node:crypto';
import { createPoster, type Poster } from '#attempts/poster';
import type { Db } from '#db/store/pool';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import { uuidOf } from '#domain/ids';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { createVault, type Vault } from '#sealing/vault';
import { testContents } from '../support/contents.ts';
import { createTestDatabase } from '../support/database.ts';
import { insertForeground, type ParkingWithoutTemporal, parkWithoutTemporal } from '../support/parking.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

export interface AttemptStage {
  db: Db;
  receiver: Receiver;
  lanes: ParkingWithoutTemporal;
  vault: Vault;
  poster(log: Logger, defaultRetry?: RetryPolicy): Poster;
  /** Inserts a tenant, an event, and an endpoint with a secret, whose path at the receiver is its id. */
  insertEndpoint(of: { tenantId: string; endpointId: string; eventId: string }): Promise<void>;
  /** How many requests came for this endpoint. */
  requestsOf(endpointId: string): number;
  close(): Promise<void>;
}

export async function setAttemptStage(): Promise<AttemptStage> {
  const [{ db, drop }, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const lanes = parkWithoutTemporal(db);
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  const vault = createVault([randomBytes(32).toString('base64')]);
  return {
    ...{ db, receiver, lanes, vault },
    poster: (log, defaultRetry = { schedule: ['1h'] }) =>
      createPoster({ db, vault, contents: testContents(db), sender, log, defaultRetry }),
    async insertEndpoint(of) {
      await insertForeground(db, of);
      const [id, secretId] = [uuidOf(of.endpointId), newId('sec')];
      const target = { url: `${receiver.url}/${of.endpointId}`, headers: {}, auth: null };
      await db.query('update endpoints set sealed = $2 where id = $1', [id, sealTarget(vault, of.endpointId, target).sealed]);
      await db.query('insert into endpoint_secrets (id, endpoint_id, sealed) values ($1, $2, $3)', [
        ...[uuidOf(secretId), id],
        vault.seal(randomBytes(24), secretId),
      ]);
    },
    requestsOf: (endpointId) => receiver.requests.filter(({ path }) => path === `/${endpointId}`).length,
    async close() {
      await sender.close();
      await receiver.close();
      await lanes.stop();
      await drop();
    },
  };
}
