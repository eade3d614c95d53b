// Whether Temporal is away is found out by starts, and told each time: what an earlier term of the relay had found does not stand for ever.
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readConfig } from '#config/config';
import { createModeSwitch } from '#domain/dispatch-mode';
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

/** The starts of one term. */
function term(link: TemporalLink, stopping = new AbortController().signal) {
  const starter = createStarter(link, 60_000);
  const onTemporal = (away: boolean) => modes.setTemporalAway(away);
  return createDispatchStart({
    db: database.db,
    starter,
    log,
    relayId: newId('rly'),
    stopping,
    mayAct: () => true,
    onTemporal,
    onBack() {},
  });
}

const dispatch = () => ({ dispatchId: newId('dsp'), events: 2, tenants: 1, tenant: randomBytes(4).toString('hex'), eventType: 'a.b' });

it('the next term says that Temporal is back, also where it never found it away', async () => {
  await term(nowhere).batch(dispatch());
  expect(mode()).toBe('batched');
  // one start may take longer than the 5 s after which it counts as away
  await until('a start to say so', async () => {
    await term(there).batch(dispatch());
    return mode() === 'individual';
  });
});

it('a term that has ended says nothing any more', async () => {
  const ending = new AbortController();
  const begun = term(nowhere, ending.signal).batch(dispatch());
  ending.abort();
  await begun;
  expect(mode()).toBe('individual');
});
