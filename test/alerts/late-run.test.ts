// A run of the checks that was suspended for longer than its claim changes no alert: others know more by then.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createAlertChores } from '#alerts/alert-chores';
import { allWork } from '#db/chores/chore-work';
import { createLogger } from '#runtime/logger';
import { createTestDatabase } from '../support/database.ts';
import { quickAlerts } from '../support/quick-timings.ts';

it('leaves alerts as they are', async () => {
  const database = await createTestDatabase();
  const { db } = database;
  await db.query(
    `insert into alerts (id, kind, subject, severity, for_owner, detail) values (gen_random_uuid(), 'backlog.old', 'installation', 'critical', false, '{}')`,
  );
  const state = async () => (await db.query('select state from alerts')).rows[0].state;
  const run = async (claimMs: number, tookMs: number) => {
    const channels = { send: async () => '' };
    const timings = { ...quickAlerts.alerts, claimMs };
    const temporalTrouble = () => delay(tookMs, null);
    const [checks] = createAlertChores({ db, channels, log: createLogger('silent'), timings, disableAfterMs: 1e9, temporalTrouble });
    await checks?.run(new AbortController().signal, allWork);
  };
  await run(20, 40);
  expect(await state()).toBe('open');
  await run(60_000, 0);
  expect(await state()).toBe('closed');
  await database.drop();
});
