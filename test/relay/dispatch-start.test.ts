// Starts find out whether Temporal is away, and report it every time: the finding of an earlier
// lease does not last for ever.
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readConfig } from '#config/config';
import { createModeSwitch } from '#domain/dispatch-mode';
import { usualTimings } from '#domain/timings';
import { createDispatchStart } from '#relay/dispatch-start';
import { newId } from '#runtime/new-id';
import { openTemporalLink, type TemporalLink } from '#temporal/link';
import { createStarter } from '#temporal/starter';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const modes = createModeSwitch('adaptive');
const mode = () => modes.mode(Date.now());
let database: TestDatabase;
let there: TemporalLink;
let nowhere: TemporalLink;

beforeAll(async () => {
  database = await createTestDatabase();
  there = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 't16' }), log);
  nowhere = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  await there.connected;
});
afterAll(async () => {
  await Promise.all([there?.close(), nowhere?.close()]);
  await database?.drop();
});

/** The dispatch starts of one lease. */
function openStarts(link: TemporalLink, stopping = new AbortController().signal) {
  const starter = createStarter(link, 60_000);
  const onTemporal = (away: boolean) => modes.setTemporalAway(away);
  return createDispatchStart({
    db: database.db,
    starter,
    log,
    relayId: newId('rly'),
    retryMs: usualTimings.relay.retryMs,
    stopping,
    mayAct: () => true,
    onTemporal,
    onBack() {},
  });
}

const dispatch = () => ({ dispatchId: newId('dsp'), events: 2, tenants: 1, tenant: randomBytes(4).toString('hex'), eventType: 'a.b' });

it('the next lease reports that Temporal is back, even if it never found it away', async () => {
  await openStarts(nowhere).batch(dispatch());
  expect(mode()).toBe('batched');
  // a start may take longer than the 5 s after which Temporal counts as away
  await until('a start to say so', async () => {
    await openStarts(there).batch(dispatch());
    return mode() === 'individual';
  });
});

it('a lease that has ended reports nothing', async () => {
  const ending = new AbortController();
  const starting = openStarts(nowhere, ending.signal).batch(dispatch());
  ending.abort();
  await starting;
  expect(mode()).toBe('individual');
});
