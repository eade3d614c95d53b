// Rotation of the master key while two processes write: first both have both keys, then the new key
// alone decrypts everything.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { masterKeyCommand } from '#cli/master-key';
import { checkKeysInUse, readKeyUse, reseal } from '#db/keys/reseal';
import { checkMasterKey } from '#db/keys/settings';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { type ApiServer, startApi } from '../api-server.ts';

const key = () => randomBytes(32).toString('base64');

it('rotates under load without a failed request, and the old key is not needed afterwards', async () => {
  const [old, young] = [key(), key()];
  const one = await startApi({ masterKey: `${old},${young}` });
  const { db } = one;
  const url = db.options.connectionString ?? '';
  const two = await startApi({ masterKey: `${young},${old}`, databaseUrl: url });
  const servers = [one, two];
  onTestFinished(async () => {
    for (const server of servers.reverse()) await server.close();
  });
  const [before, between, after] = [createVault([old]), createVault([young, old]), createVault([young])];
  await checkMasterKey(db, before);

  const tenant = await one.makeTenant();
  const known = await load(one, tenant, 5);
  expect(await readKeyUse(db)).toEqual(expect.arrayContaining([{ column: 'endpoint_secrets.sealed', key: before.keyIds[0], rows: 5 }]));
  await expect(checkKeysInUse(db, after)).rejects.toThrow(/lacks a key that is in use: .* 'posthorn keys rotate'/);
  await expect(checkMasterKey(db, after)).rejects.toThrow(/is not the key/);
  await checkKeysInUse(db, between);

  let loading = true;
  const loads = servers.map(async (server) => {
    while (loading) known.push(...(await load(server, tenant, 2)));
  });
  // a process that still encrypts with the old key delays the end of the rotation, and breaks nothing
  await reseal(db, between);
  loading = false;
  await Promise.all(loads);
  await load(one, tenant, 1);
  await expect(checkKeysInUse(db, after)).rejects.toThrow(/in use/);

  const lines: string[] = [];
  const config = { DATABASE_URL: url, POSTHORN_MASTER_KEY: [young, old] };
  await masterKeyCommand('rotate', config, (line) => lines.push(line));
  expect(lines[0]).toMatch(new RegExp(`^\\d+ rows encrypted with the key ${after.keyIds[0]}…$`));
  expect(lines.slice(1).every((line) => line.includes('first key of POSTHORN_MASTER_KEY'))).toBe(true);
  expect(await reseal(db, between)).toEqual({ rows: 0, left: [] });
  const { rows: said } = await db.query(`select actor_kind, target_id from posthorn_audit.audit_log where action = 'master_key.rotate'`);
  expect(said).toEqual([{ actor_kind: 'cli', target_id: after.fingerprint }]);
  await checkKeysInUse(db, after);
  await checkMasterKey(db, after);
  await expect(checkMasterKey(db, before)).rejects.toThrow(/is not the key/);

  const three = await startApi({ masterKey: young, databaseUrl: url });
  servers.push(three);
  await Promise.all([...known.slice(0, 5), ...known.slice(-10)].map((made) => expectSame(three, tenant, made)));
});

it('handles more rows than one transaction takes, and continues after an interruption', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const [before, between] = [
    createVault([Buffer.alloc(32, 7).toString('base64')]),
    createVault([key(), Buffer.alloc(32, 7).toString('base64')]),
  ];
  const names = Array.from({ length: 1_100 }, (_, n) => ({ scope: `scope-${n % 3}`, key: `key ${n}` }));
  await api.db.query(
    `insert into idempotency_keys (scope, key, request_hash, seed, claim, claimed_until, status, response)
     select scope, key, '', gen_random_uuid(), gen_random_uuid(), now(), 200, response from unnest($1::text[], $2::text[], $3::bytea[]) as i (scope, key, response)`,
    [
      names.map((one) => one.scope),
      names.map((one) => one.key),
      names.map((one) => before.seal(Buffer.from(one.key), `idempotency/${one.scope}/${one.key}`)),
    ],
  );
  // some rows were done by an interrupted run
  await api.db.query('update idempotency_keys set response = $1 where key = $2', [
    between.seal(Buffer.from('key 1'), 'idempotency/scope-1/key 1'),
    'key 1',
  ]);
  // the private key of a pair
  const pair = newId('sgk');
  await api.makeTenant();
  await api.db.query('insert into signing_keys (id, tenant_id, public_key, sealed) select $1, id, $2, $3 from tenants limit 1', [
    uuidOf(pair),
    Buffer.alloc(32),
    before.seal(Buffer.from('seed'), pair),
  ]);
  expect(await reseal(api.db, between)).toEqual({ rows: 1_100, left: [] });
  const [kept] = (await api.db.query<{ sealed: Buffer }>('select sealed from signing_keys')).rows;
  expect(between.open(kept?.sealed ?? Buffer.alloc(0), pair).toString()).toBe('seed');
  const { rows } = await api.db.query<{ scope: string; key: string; response: Buffer }>(
    'select scope, key, response from idempotency_keys',
  );
  for (const row of rows) expect(between.open(row.response, `idempotency/${row.scope}/${row.key}`).toString()).toBe(row.key);
});

it('an unknown command lists the known ones', async () => {
  await expect(masterKeyCommand('roll', { DATABASE_URL: '', POSTHORN_MASTER_KEY: [key()] }, () => undefined)).rejects.toThrow(
    /Usage: posthorn keys/,
  );
});

interface Made {
  endpoint: { id: string; url: string; secret: string };
  event: string;
  idempotencyKey: string;
}

/** Endpoints with secrets, stored Idempotency-Key answers, and events. */
async function load(api: ApiServer, tenant: string, count: number): Promise<Made[]> {
  const made: Made[] = [];
  for (let n = 0; n < count; n++) {
    const idempotencyKey = randomBytes(8).toString('hex');
    const options = { headers: { 'idempotency-key': idempotencyKey } };
    const { status, body } = await api.post(`/v1/tenants/${tenant}/endpoints`, { url: `http://127.0.0.1:9/${idempotencyKey}` }, options);
    expect(status).toBe(201);
    made.push({ endpoint: body, event: await api.postEvent(tenant, { data: { of: idempotencyKey } }), idempotencyKey });
    await delay(1);
  }
  return made;
}

async function expectSame(api: ApiServer, tenant: string, { endpoint, event, idempotencyKey }: Made): Promise<void> {
  const options = { headers: { 'idempotency-key': idempotencyKey } };
  const again = await api.post(`/v1/tenants/${tenant}/endpoints`, { url: endpoint.url }, options);
  expect(again.body).toEqual(endpoint);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await api.get(`/v1/endpoints/${endpoint.id}`)).body).toMatchObject({ url: endpoint.url });
  expect((await api.get(`/v1/tenants/${tenant}/events/${event}`)).body.data).toEqual({ of: idempotencyKey });
}
