// /v1/status: all workers of the installation, whichever process answers.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openCore, type ReadyConfig } from '#app/core';
import { startWorker } from '#app/worker';
import { readConfig } from '#config/config';
import { version } from '#config/package';
import { registerRelay, renewRelay } from '#db/events/relays';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { startPosthorn, type TestPosthorn } from '../../support/posthorn.ts';
import { until } from '../../support/until.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { held, openLane } from '../lanes-at-hand.ts';

describe('/v1/status without a worker', () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const status = async () => (await api.get('/v1/status')).body;
  const seen = async (mode: 'individual' | 'batched', waiting: number) => {
    const relayId = newId('rly');
    await registerRelay(api.db, relayId, `host ${relayId}`);
    await renewRelay(api.db, relayId, { mode, waiting, temporalError: null });
    // counts as seen, however slow the test is
    await api.db.query(`update relays set seen = now() + interval '1 hour' where process = $1`, [`host ${relayId}`]);
    return relayId;
  };

  it('needs the key', async () => {
    expect((await api.call('GET', '/v1/status', undefined, { key: null })).status).toBe(401);
  });

  it('shows the outbox, and that no worker runs', async () => {
    const tenant = await api.makeTenant();
    for (const id of ['a', 'b']) await api.postEvent(tenant, { id });
    expect(await status()).toEqual({
      version,
      dispatch: null,
      waiting: { events: 2, oldestAt: expect.any(String) },
      held: { deliveries: 0 },
      lanes: { awake: 0, idle: 0, blocked: 0 },
      holding: [],
      refusing: { all: false, tenants: 0 },
      workers: 0,
      warnings: [{ code: 'no_worker', message: expect.stringContaining('No worker runs.') }],
      relays: [],
      postgres: {
        latencyMs: expect.any(Number),
        version: expect.stringMatching(/^\d+/),
        connections: expect.any(Number),
        maxConnections: expect.any(Number),
      },
      temporal: { latencyMs: null, error: 'no Temporal here', namespace: 'default', webUi: 'http://temporal.test:8233/' },
    });
  });

  it('is shown to keys of all tenants that may read endpoints, and to no others', async () => {
    const tenant = await api.makeTenant();
    const statusFor = async (key: object) =>
      (await createApi(api.origin, (await api.post('/v1/api-keys', { name: 'k', ...key })).body.key).get('/v1/status')).status;
    expect(await statusFor({ scopes: ['endpoints:read'] })).toBe(200);
    expect(await statusFor({ scopes: ['deliveries:read'] })).toBe(403);
    expect(await statusFor({ scopes: ['admin'], tenant })).toBe(403);
  });

  it('counts no further than 10,000', async () => {
    await api.db.query(
      'insert into outbox (event_id, tenant_id) select gen_random_uuid(), gen_random_uuid() from generate_series(1, 9998)',
    );
    expect((await status()).waiting).toEqual({ events: 10_000, oldestAt: expect.any(String) });
    await api.db.query('insert into outbox (event_id, tenant_id) select gen_random_uuid(), gen_random_uuid()');
    expect((await status()).waiting).toEqual({ events: 10_000, atLeast: true, oldestAt: expect.any(String) });
  });

  it('shows each relay as it reported itself, without those not seen for 5 s', async () => {
    const first = await seen('batched', 7);
    expect(await status()).toMatchObject({
      dispatch: 'batched',
      workers: 1,
      warnings: [],
      relays: [{ id: first, process: `host ${first}`, mode: 'batched', waiting: 7 }],
    });
    const second = await seen('individual', 0);
    expect(await status()).toMatchObject({ dispatch: 'mixed', relays: [{ id: first }, { id: second, mode: 'individual', waiting: 0 }] });
    await api.db.query(`update relays set seen = now() - interval '6 seconds' where process = $1`, [`host ${first}`]);
    expect(await status()).toMatchObject({ dispatch: 'individual', relays: [{ id: second }] });
  });

  it('warns of a worker that cannot use Temporal, in its words', async () => {
    const relayId = await seen('individual', 0);
    await api.db.query('update relays set temporal_error = $2 where process = $1', [`host ${relayId}`, 'PERMISSION_DENIED: no']);
    const { warnings } = await status();
    await api.db.query('update relays set temporal_error = null');
    expect(warnings).toEqual([{ code: 'temporal_away', message: expect.stringContaining('PERMISSION_DENIED: no. First') }]);
  });

  it('shows the number of held deliveries and the states of lanes', async () => {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { rateLimit: { perSecond: 1 } });
    for (let n = 0; n < 3; n++) await held(api, tenant, id);
    await openLane(api, id, `state = 'blocked'`);
    const { held: waits, lanes, holding } = await status();
    expect({ waits, lanes }).toEqual({ waits: { deliveries: 3 }, lanes: { awake: 0, idle: 0, blocked: 1 } });
    expect(holding).toEqual([
      {
        endpoint: id,
        tenant,
        url: 'http://127.0.0.1:9/hook',
        held: 3,
        oldestSeconds: expect.any(Number),
        state: 'blocked',
        waitingFor: null,
      },
    ]);
  });
});

describe('/v1/status with two workers', () => {
  let posthorn: TestPosthorn;
  beforeAll(async () => {
    posthorn = await startPosthorn({ namespace: 't34' });
  });
  afterAll(() => posthorn?.stop());

  const status = async () => (await posthorn.get('/v1/status')).body;

  it('shows both, including the one in another process, until it has stopped', async () => {
    const answered = await until('Temporal', async () => ((await status()).temporal.error === null ? (await status()).temporal : null));
    expect(answered).toMatchObject({ latencyMs: expect.any(Number), namespace: 't34' });
    const alone = await until('the first', async () => (await status()).relays.length === 1 && (await status()));
    expect(alone).toMatchObject({ dispatch: 'individual', relays: [{ id: posthorn.worker.relay.id(), mode: 'individual' }] });

    const core = await openCore(readConfig({ ...posthorn.env, POSTHORN_DISPATCH: 'batched' }) as ReadyConfig, createLogger('error'));
    const worker = startWorker(core, posthorn.origin);
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= worker.stop().then(core.close);
      return stopped;
    };
    onTestFinished(stop);
    const both = await until('both', async () => (await status()).relays.length === 2 && (await status()));
    expect(both.dispatch).toBe('mixed');
    expect(both.relays).toMatchObject([
      { id: posthorn.worker.relay.id(), mode: 'individual' },
      { id: worker.relay.id(), mode: 'batched', waiting: 0, process: expect.stringContaining(`${process.pid}`) },
    ]);
    const [{ seenAt }] = both.relays;
    await until('a renewal', async () => (await status()).relays[0].seenAt > seenAt);

    await worker.ready;
    await stop();
    await until('one', async () => (await status()).relays.length === 1);
    expect(await status()).toMatchObject({ dispatch: 'individual', relays: [{ id: posthorn.worker.relay.id() }] });
  });
});
