// PostgreSQL goes away behind a proxy: the operator is told by what the process has in memory, and the alert is stored, and
// closed, when PostgreSQL is back.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAlertChores } from '#alerts/alert-chores';
import { createChannelSender } from '#alerts/channel-sender';
import { watchForOutage } from '#alerts/outage-watch';
import { startChores } from '#chores/chores';
import { readOutagePlan, recordOutage } from '#db/alerts/outages';
import { createPool, type Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { sealChannelSettings } from '#sealing/channel-settings';
import { createVault } from '#sealing/vault';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { quickAlerts } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
let receiver: Receiver;
let proxy: { url: string; cut(): void; restore(): void; close(): Promise<void> };
beforeAll(async () => {
  [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  proxy = await startProxy(database.url);
});
afterAll(async () => {
  await proxy?.close();
  await Promise.all([database?.drop(), receiver?.close()]);
});

/** A TCP proxy in front of PostgreSQL, whose connections can be cut. */
async function startProxy(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const one of [socket, upstream]) one.on('error', () => undefined).once('close', () => sockets.delete(one));
    sockets.add(socket).add(upstream);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    cut,
    restore() {
      isCut = false;
    },
    close: () => {
      cut();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const vault = createVault([Buffer.alloc(32, 7).toString('base64')]);
const timings = { ...quickAlerts.alerts, awayMs: 600, watchEveryMs: 100 };
const log = createLogger('silent');

/** A process and its watch. `checks`: it runs the checks, too, and each run ends when this resolves. */
function start(checks: Promise<null> | null) {
  const db = createPool({ url: proxy.url, max: 4, onError: () => undefined });
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  const accept = async () => 'unknown_tenant' as const;
  const channels = createChannelSender({ db, vault, sender, mailer: null, accept, cancel: async () => undefined });
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  const ran = () => {
    checkedAtMs = performance.now();
    looks = 0;
  };
  const parts = { db, channels, log, timings };
  const chores = checks !== null ? createAlertChores({ ...parts, disableAfterMs: 1e9, temporalTrouble: () => checks, ran }) : [];
  let looks = 0;
  const running = startChores({ db, reads: db, chores, log });
  const query = (...args: unknown[]) => (db.query as (...all: unknown[]) => Promise<unknown>)(...args).finally(() => looks++);
  const watched = { query, connect: db.connect.bind(db) } as unknown as Db;
  const watch = watchForOutage({
    ...parts,
    db: watched,
    processName: checks !== null ? 'checker' : 'other',
    checkedAtMs: () => checkedAtMs,
  });
  return {
    hasChecked: () => checkedAtMs > 0,
    /** Since its run began. The first look takes at most three statements. */
    knowsPlan: () => looks > 3,
    async stop() {
      await Promise.all([running.stop(), watch.stop()]);
      await sender.close();
      await db.end();
    },
  };
}

async function channel(kind: string, settings: object): Promise<void> {
  const id = newId('ach');
  await database.db.query(
    `insert into alert_channels (id, kind, sealed, quiet_ms, kinds) values ($1, $2, $3, 0, '{postgres.unreachable}')`,
    [uuidOf(id), kind, sealChannelSettings(vault, id, settings)],
  );
}

const bodies = (path: string) => receiver.requests.filter((one) => one.path === path).map(({ body }) => JSON.parse(String(body)));

it('the operator is told of the outage by the process that ran the checks, and of its end', async () => {
  await channel('slack', { url: `${receiver.url}/slack` });
  await channel('pagerduty', { routingKey: 'r'.repeat(32), url: `${receiver.url}/pd` });
  // the outage comes while a run is under way, which has been seen by both
  const run = Promise.withResolvers<null>();
  const [checker, other] = [start(run.promise), start(null)];
  await until('the checks to run', checker.hasChecked);
  await until('both processes to know whom to tell', () => checker.knowsPlan() && other.knowsPlan());
  proxy.cut();
  run.resolve(null);
  const [trigger] = await until('the incident', () => (bodies('/pd').length > 0 ? bodies('/pd') : null));
  expect(trigger).toMatchObject({
    event_action: 'trigger',
    dedup_key: expect.stringMatching(/^alr_/),
    payload: { summary: 'PostgreSQL does not answer', severity: 'critical', class: 'postgres.unreachable', source: 'posthorn' },
  });
  await until('Slack', () => bodies('/slack').length > 0);
  expect(bodies('/slack')[0].text).toBe('Alert (critical): PostgreSQL does not answer');

  proxy.restore();
  await until('the end at PagerDuty', () => bodies('/pd').find((event) => event.event_action === 'resolve'));
  await until('the end in Slack', () => bodies('/slack').find(({ text }) => text.startsWith('Closed')));
  const { rows } = await database.db.query(`select id, state, for_owner from alerts where kind = 'postgres.unreachable'`);
  expect(rows).toEqual([{ id: expect.any(String), state: 'closed', for_owner: false }]);
  // one incident, whichever processes told of it, and one message in Slack
  expect(new Set(bodies('/pd').map((event) => event.dedup_key))).toEqual(new Set([trigger.dedup_key]));
  expect(`alr_${rows[0].id.replaceAll('-', '')}`).toBe(trigger.dedup_key);
  expect(bodies('/slack').map(({ text }) => text.split(' ')[0])).toEqual(['Alert', 'Closed']);
  await Promise.all([checker.stop(), other.stop()]);
});

it('an id of an outage is used once', async () => {
  await database.db.query('delete from alert_channels where id not in (select channel_id from alert_notifications)');
  const { alertId } = await readOutagePlan(database.db);
  const outage = { alertId, since: new Date(), facts: { process: 'a', since: 'now', trouble: 'x' }, told: [] };
  expect([await recordOutage(database.db, outage), await recordOutage(database.db, outage)]).toEqual([true, false]);
  expect((await readOutagePlan(database.db)).alertId).not.toBe(alertId);
});
