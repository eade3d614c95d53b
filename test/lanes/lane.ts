// A lane under test: real PostgreSQL, a real endpoint, the real drain, and no Temporal. The test
// itself parks deliveries, starts drains and changes the endpoint.
import { pino } from 'pino';
import { createPoster } from '#attempts/poster';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { acceptEvents } from '#db/events/accept';
import { openLanes } from '#db/lanes/lanes';
import { parkNew } from '#db/lanes/parking';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import type { CircuitTimes } from '#domain/lanes/circuit';
import { usualTimings } from '#domain/timings';
import { createDrain, type DrainDeps } from '#lanes/drain';
import { createDrainWakeups } from '#lanes/drain-wakeups';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { createVault } from '#sealing/vault';
import { testContents } from '../support/contents.ts';
import { createTestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const limits = { process: 64, tenant: 32, endpoint: 8 };

interface DrainOptions extends Partial<DrainDeps> {
  lingerMs?: number;
  /** How long an open circuit waits for its probes. */
  times?: CircuitTimes;
}

export type LaneStage = Awaited<ReturnType<typeof setLaneStage>>;

interface EventToPark {
  id: string;
  key?: string;
  coalesceKey?: string;
  expiresAt?: Date;
  type?: string;
}

export async function setLaneStage() {
  const [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const { db } = database;
  const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const vault = createVault([key]);
  const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8'], ownOrigin: 'http://127.0.0.1:1' });
  const sender = createSender({ guard, userAgent: 'Posthorn/test' });
  /** The calls to Temporal. */
  const told: { kind: 'start' | 'look'; deliveryId: string; status: string }[] = [];
  const tenantId = newId('tnt');
  await db.query(`insert into tenants (id, external_id, name) values ($1, 'acme', 'Acme')`, [uuidOf(tenantId)]);

  const depsOf = ({ lingerMs = 500, times = { firstProbeMs: 300, longestProbeMs: 600 }, ...more }: DrainOptions = {}): DrainDeps => ({
    db,
    poster: createPoster({ db, vault, contents: testContents(db), sender, log, defaultRetry: { schedule: ['1s', '1s', '1s'] } }),
    recorder: new Recorder(db, testContents(db), log),
    stallWatch: createStallWatch(),
    log,
    slots: createSlots(limits),
    limits,
    firstInFlight: new Map(),
    starter: {
      startDelivery: async ({ deliveryId, status }) => void told.push({ kind: 'start', deliveryId, status }),
      look: async ({ deliveryId, status }) => void told.push({ kind: 'look', deliveryId, status }),
    },
    wakeups: createDrainWakeups(),
    disableAfterMs: 5 * 86_400_000,
    probeDisabledEveryMs: 3_600_000,
    maxDrains: 256,
    timings: { ...usualTimings.lanes, lingerMs, circuit: times },
    ...more,
  });

  const targetOf = (endpointId: string, path: string) =>
    sealTarget(vault, endpointId, { url: `${receiver.url}${path}`, headers: {}, auth: null });

  return {
    db,
    receiver,
    targetOf,
    tenantId,
    told,
    depsOf,
    /** Creates an endpoint with these columns set. */
    async makeEndpoint(path: string, columns: Record<string, unknown> = {}): Promise<string> {
      const [endpointId, secretId] = [newId('ep'), newId('sec')];
      await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, $3, '127.0.0.1')`, [
        uuidOf(endpointId),
        uuidOf(tenantId),
        targetOf(endpointId, path).sealed,
      ]);
      await db.query('insert into endpoint_secrets (id, endpoint_id, sealed) values ($1, $2, $3)', [
        uuidOf(secretId),
        uuidOf(endpointId),
        vault.seal(Buffer.alloc(32, 1), secretId),
      ]);
      await this.change(endpointId, columns);
      return endpointId;
    },
    async change(endpointId: string, columns: Record<string, unknown>): Promise<void> {
      for (const [name, value] of Object.entries(columns)) {
        await db.query(`update endpoints set ${name} = $2 where id = $1`, [uuidOf(endpointId), value]);
      }
    },
    /** Accepts events and parks them for the endpoint in this order. Returns the delivery ids. */
    async park(endpointId: string, events: EventToPark[]): Promise<string[]> {
      const held = await this.hold(endpointId, events);
      await this.tell(endpointId);
      return held;
    },
    /** The first step of parking: commits the rows. */
    async hold(endpointId: string, events: EventToPark[]): Promise<string[]> {
      const made = events.map(({ id, key: orderingKey = null, expiresAt, type = 'order.created' }) => ({
        eventId: newId('evt'),
        externalId: id,
        type,
        channels: [],
        body: Buffer.from(`{"type":"${type}","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"${id}"}}`),
        bodyTimestamp: '2026-01-01T00:00:00.000Z',
        contentHash: Buffer.from(id),
        orderingKey,
        version: null,
        deliverAt: null,
        expiresAt: expiresAt?.toISOString() ?? null,
        onlyEndpointId: null,
        coalesceKey: null,
      }));
      await acceptEvents(db, [{ tenant: 'acme', events: made }], null, testContents(db));
      for (const [index, { coalesceKey }] of events.entries()) {
        if (coalesceKey)
          await db.query('update events set coalesce_key = $2 where id = $1', [uuidOf(made[index]?.eventId ?? ''), coalesceKey]);
      }
      const rows = made.map(({ eventId, expiresAt, type }) => ({
        deliveryId: deliveryId(eventId, endpointId),
        eventId,
        endpointId,
        tenantId,
        eventType: type,
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
      }));
      await parkNew(db, rows);
      return rows.map((row) => row.deliveryId);
    },
    /** The second step: opens the lane, or wakes it if it is idle. */
    async tell(endpointId: string): Promise<void> {
      await openLanes(db, [endpointId], 'backlog');
    },
    drain: (endpointId: string, stopping = new AbortController().signal, options: DrainOptions = {}) =>
      createDrain(depsOf(options))(endpointId, stopping),
    async statuses(endpointId: string): Promise<Record<string, number>> {
      const { rows } = await db.query('select status, count(*)::int as n from deliveries where endpoint_id = $1 group by 1', [
        uuidOf(endpointId),
      ]);
      return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
    },
    /** Makes the next probe of the circuit due. */
    async toProbe(endpointId: string): Promise<void> {
      await db.query(
        `update lanes set circuit = jsonb_set(circuit, '{probeAtMs}', '0') where endpoint_id = $1 and circuit->>'state' = 'open'`,
        [uuidOf(endpointId)],
      );
    },
    async lane(endpointId: string) {
      const { rows } = await db.query('select * from lanes where endpoint_id = $1', [uuidOf(endpointId)]);
      return rows[0];
    },
    async delivery(id: string) {
      const { rows } = await db.query('select * from deliveries where id = $1', [uuidOf(id)]);
      return { ...rows[0], id: idOf('dlv', rows[0].id) };
    },
    /** The producer's ids of the events that arrived at a path, in order of arrival. */
    arrived: (path: string) =>
      receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers['webhook-id'] ?? ''),
    sequences: (path: string) =>
      receiver.requests.filter((request) => request.path === path).map(({ headers }) => Number(headers['posthorn-sequence'])),
    async close() {
      await sender.close();
      await receiver.close();
      await database.drop();
    },
  };
}

export function names(prefix: string, count: number): { id: string }[] {
  return Array.from({ length: count }, (_, n) => ({ id: `${prefix}-${n}` }));
}
