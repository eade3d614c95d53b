import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant, deleteTenant } from '#db/access/tenants';
import { changeEndpoint } from '#db/endpoints/endpoint-changes';
import { createEndpoint, type EndpointSettings, readEndpoint } from '#db/endpoints/endpoints';
import { stopEndpoint } from '#db/endpoints/failing-endpoints';
import { deleteEndpoint, pauseEndpoint, resumeEndpoint } from '#db/endpoints/pause-resume';
import { liveSecrets, rotateSecret, type SealedSecret } from '#db/endpoints/secrets';
import { checkMasterKey } from '#db/keys/settings';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await createTenant(database.db, { tenantId: newId('tnt'), key: 'acme', name: 'Acme', metadata: {} });
});
afterAll(() => database.drop());

const settings: EndpointSettings = {
  eventTypes: [],
  channels: [],
  filter: null,
  description: '',
  format: 'standard',
  signing: null,
  maxInFlight: null,
  retry: null,
  timeoutMs: 1_000,
  metadata: {},
  rateLimit: null,
  ordering: 'none',
  onDeadLetter: 'skip',
  batch: null,
  coalesceMs: null,
  autoRecover: true,
};
const target = { sealed: Buffer.from('sealed'), host: 'example.com' };
const rotate = (endpointId: string, { secretId, sealed }: SealedSecret, overlapMs: number) =>
  rotateSecret(database.db, { endpointId, secretId, seal: () => sealed, overlapMs, maxLive: 5 });
const newSecret = () => ({ secretId: newId('sec'), sealed: randomBytes(40) });

async function makeEndpoint(): Promise<{ id: string; secret: { secretId: string; sealed: Uint8Array } }> {
  const secret = newSecret();
  const made = await createEndpoint(database.db, { endpointId: newId('ep'), tenant: 'acme', settings, target, secret });
  return { id: made?.endpoint.id ?? '', secret };
}

describe('endpoints', () => {
  it('are created once per id, with the first secret', async () => {
    const first = { endpointId: newId('ep'), tenant: 'acme', settings, target, secret: newSecret() };
    const made = await createEndpoint(database.db, first);
    const again = await createEndpoint(database.db, { ...first, secret: newSecret() });
    expect(again?.endpoint).toEqual(made?.endpoint);
    expect(again?.secret.secretId).toBe(first.secret.secretId);
    expect(await liveSecrets(database.db, first.endpointId)).toHaveLength(1);
  });

  it('need an existing tenant', async () => {
    await createTenant(database.db, { tenantId: newId('tnt'), key: 'gone', name: 'Gone', metadata: {} });
    await deleteTenant(database.db, 'gone');
    for (const tenant of ['gone', 'never']) {
      expect(await createEndpoint(database.db, { endpointId: newId('ep'), tenant, settings, target, secret: newSecret() })).toBeNull();
    }
  });

  it('keep quotes, percent signs and backslashes as they are', async () => {
    const { id } = await makeEndpoint();
    const odd = { description: `'"\\%_{}`, metadata: { '\'"\\': `'"\\` } };
    expect(await changeEndpoint(database.db, id, odd)).toMatchObject({ kind: 'changed', endpoint: odd });
  });

  it('that answered 410 are disabled with one alert, stay so when paused, and open when resumed', async () => {
    const { id } = await makeEndpoint();
    for (const _ of [1, 2]) await stopEndpoint(database.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'gone');
    const alerts = 'select kind, detail from alerts where endpoint_id = $1';
    expect((await database.db.query(alerts, [uuidOf(id)])).rows).toEqual([
      { kind: 'endpoint.disabled', detail: { host: 'example.com', reason: 'gone' } },
    ]);
    expect(await pauseEndpoint(database.db, id)).toBe(true);
    expect(await readEndpoint(database.db, id)).toMatchObject({ gate: 'disabled', gateReason: 'gone' });
    expect(await resumeEndpoint(database.db, id)).toBe(true);
    expect(await readEndpoint(database.db, id)).toMatchObject({ gate: 'open', gateReason: null });
  });

  it('that are deleted can only be deleted again', async () => {
    const { id } = await makeEndpoint();
    expect([
      await deleteEndpoint(database.db, id),
      await deleteEndpoint(database.db, id),
      await deleteEndpoint(database.db, newId('ep')),
    ]).toEqual([true, true, false]);
    expect([await pauseEndpoint(database.db, id), await resumeEndpoint(database.db, id), await readEndpoint(database.db, id)]).toEqual([
      false,
      false,
      null,
    ]);
    expect(await rotate(id, newSecret(), 0)).toBe('unknown');
  });
});

describe('secrets', () => {
  it('sign side by side during the overlap, newest first', async () => {
    const { id, secret: first } = await makeEndpoint();
    const [second, third] = [newSecret(), newSecret()];
    expect(await rotate(id, second, 60_000)).toBe('rotated');
    expect((await liveSecrets(database.db, id)).map(({ secretId }) => secretId)).toEqual([second.secretId, first.secretId]);
    expect(await rotate(id, third, 0)).toBe('rotated');
    expect(await liveSecrets(database.db, id)).toEqual([third]);
  });

  it('are added once, and never exceed the limit, even concurrently', async () => {
    const { id } = await makeEndpoint();
    const one = newSecret();
    for (let n = 0; n < 3; n++) expect(await rotate(id, one, 60_000)).toBe('rotated');
    const results = await Promise.all(Array.from({ length: 6 }, () => rotate(id, newSecret(), 60_000)));
    expect(results.toSorted()).toEqual(['rotated', 'rotated', 'rotated', 'too_many', 'too_many', 'too_many']);
    expect(await liveSecrets(database.db, id)).toHaveLength(5);
  });
});

describe('the master key', () => {
  it('is stored at first use, and another one is rejected', async () => {
    const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    await checkMasterKey(database.db, createVault([first]));
    await checkMasterKey(database.db, createVault([second, first]));
    await expect(checkMasterKey(database.db, createVault([second]))).rejects.toThrow(/not the key this database was set up with/);
  });
});
