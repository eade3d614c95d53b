// The scenarios of growth: the load of a scenario of the table, with many tenants, many endpoints, many stored
// deliveries or many that wait. Compare each with the small one in the same run.
// Each one runs only if it is named.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '#runtime/new-id';
import { insertDeliveries } from './dead-letters.ts';
import { load } from './lane-neighbour.ts';
import { fillStore } from './lists-rows.ts';
import { makeTenant } from './run.ts';
import type { Scenario } from './scenario.ts';
import { loads } from './scenarios.ts';
import type { Stage } from './stage.ts';

const storedDays = 90;
const endpointsOfRetrying = 100;

export function growthScenarios({ quick }: { quick: boolean }): Scenario[] {
  const { size, plain, burst, steady } = loads(quick);
  const only = { byNameOnly: true, notIndividual: true, extraMs: 10 * 60_000 };
  const stored = { ...only, prepare: store(size(5_000_000)), extraMs: 30 * 60_000 };
  const largeFanOut = { ...plain, ...only, atOnce: 5, withinMs: 40 * 60_000, extraMs: 60 * 60_000 };
  const many = { ...only, endpoints: 10_000, inTurn: true };
  return [
    { ...steady(200), ...only, name: 'growth-tenants', tenants: 1_000, endpoints: 5, inTurn: true },
    { ...burst, ...many, name: 'growth-endpoints-10000-burst' },
    { ...steady(50), ...many, name: 'growth-endpoints-10000-50' },
    { ...largeFanOut, name: 'growth-fan-out-5000', endpoints: 5_000, events: quick ? 2 : 10 },
    { ...largeFanOut, name: 'growth-fan-out-10000', endpoints: 10_000, events: quick ? 1 : 5 },
    { ...burst, ...stored, name: 'growth-stored-burst' },
    { ...steady(50), ...stored, name: 'growth-stored-50' },
    { ...steady(5), ...stored, name: 'growth-stored-5' },
    { ...steady(50), ...only, name: 'growth-waiting-100000', prepare: hold(100_000) },
    { ...steady(50), ...only, name: 'growth-retrying-100000', prepare: retry(100_000) },
  ];
}

/**
 * Fills the database with the deliveries of 90 days and of many other tenants, before Posthorn is started again. Nothing
 * works on them: retries are due in an hour or later, dead letters do not wait for their workflow, and held ones have no
 * time at which a lane would have to wake.
 */
const store = (rows: number) => async (stage: Stage) => {
  const { db, stores } = stage;
  if (stores.kept) throw new Error('this scenario fills empty stores, and cannot use DATABASE_URL or TEMPORAL_ADDRESS');
  await stage.killPosthorn();
  const startedAt = performance.now();
  const settings = { fsync: 'off', full_page_writes: 'off', max_wal_size: "'4GB'" };
  for (const [name, value] of Object.entries(settings)) await db.query(`alter system set ${name} = ${value}`);
  await db.query('select pg_reload_conf()');
  await fillStore(db, { rows, days: storedDays }, () => undefined);
  await db.query('alter system reset all');
  await db.query('checkpoint');
  await db.query('select pg_reload_conf()');
  const seconds = (performance.now() - startedAt) / 1_000;
  await stage.startPosthorn();
  return [`${rows} deliveries of ${storedDays} days stored, in ${seconds.toFixed(0)} s`];
};

/** Posts events for a paused endpoint of another tenant. They wait in its lane. */
const hold = (count: number) => async (stage: Stage) => {
  const tenant = otherTenant();
  const [path = ''] = await makeTenant(stage, tenant, { name: '', roles: [], events: 0, endpoints: 1, query: '' });
  await stage.call('POST', `${path}/pause`);
  while (((await stage.call('GET', path)) as { gate: string }).gate === 'open') await delay(100);
  await load(stage, [{ tenant, prefix: `${tenant}-held`, count, atOnce: 32 }]);
  const held = async () => (await stage.db.query(`select count(*)::int as held from deliveries where status = 'held'`)).rows[0]?.held;
  while ((await held()) < count) await delay(250);
  return [`${count} deliveries held for a paused endpoint`];
};

/** Inserts deliveries of another tenant that the relays will attempt in an hour. */
const retry = (count: number) => async (stage: Stage) => {
  const tenant = otherTenant();
  const paths = await makeTenant(stage, tenant, { name: '', roles: [], events: 0, endpoints: endpointsOfRetrying, query: '' });
  for (const path of paths) {
    const events = Array.from({ length: count / endpointsOfRetrying }, () => newId('evt'));
    const endpointId = path.slice(path.lastIndexOf('/') + 1);
    const state = { status: 'retrying', attempts: 1, due: '1 hour', pumped: true } as const;
    await insertDeliveries(stage.db, { tenant, endpointId, events, state });
  }
  await stage.db.query('analyze deliveries, events');
  return [`${count} deliveries of ${endpointsOfRetrying} endpoints retrying in an hour`];
};

const otherTenant = () => `bench-${randomBytes(4).toString('hex')}-other`;
