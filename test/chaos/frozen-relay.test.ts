// A process that stops for 10 s without knowing it (SIGSTOP) while another one works: it must not act on what it knew before.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage } from './stage.ts';

const frozenForMs = 10_000;

/** Holds up every read of a secret until `release`: attempts then wait for the rows that they are about to act on. */
async function holdUpReads(stage: Stage): Promise<{ waiting(): Promise<number>; release(): Promise<void> }> {
  const client = await stage.db.connect();
  await client.query('begin');
  await client.query('lock table endpoint_secrets in access exclusive mode');
  return {
    async waiting() {
      const [row] = await stage.query<{ count: number }>(
        `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%endpoint_secrets%'`,
      );
      return row?.count ?? 0;
    },
    async release() {
      await client.query('commit');
      client.release();
    },
  };
}

async function recorded(stage: Stage): Promise<number> {
  const [row] = await stage.query<{ count: number }>('select count(*) from attempts');
  return row?.count ?? 0;
}

describe('a relay', () => {
  it('frozen for 10 s in a burst and continued loses and repeats nothing, and comes back under a new id', { timeout: 240_000 }, async ({
    onTestFinished,
  }) => {
    const stage = await openStage({ namespace: 't30' });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const frozen = await stage.start();
    const tenant = await makeTenant(stage, frozen);
    const ids = names('burst', 50);
    const sent = stage.send(frozen, tenant, ids);
    await until('the burst is on its way', () => stage.receiver.requests.length > 10);
    const reads = await holdUpReads(stage);
    try {
      await until('attempts wait for their rows', async () => (await reads.waiting()) >= 3);
      // a POST under way may repeat, and is another test's matter: here there is none
      await until('all that came is recorded', async () => (await recorded(stage)) === stage.receiver.requests.length);
      frozen.freeze();
    } finally {
      await reads.release();
    }
    await stage.start({ role: 'worker' });
    await delay(frozenForMs);
    frozen.thaw();
    const accepted = await sent;
    expect(accepted).toHaveLength(ids.length);
    await stage.settled();
    const ofFrozen = () => stage.query('select id from relays where process like $1', [`% ${frozen.pid}`]);
    await until('it has a new relay', async () => (await ofFrozen()).length === 2);
    expect(stage.notOnce(accepted)).toEqual({});
    await expectTrueRecords(stage);
  });
});
