// A process is frozen (SIGSTOP) while another one works. When it continues, it must not act on rows
// that it read before.
import { describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage } from './stage.ts';

/**
 * Locks the secrets while `work` runs. Always ends the connection of the lock, so that nothing waits for it afterwards.
 */
async function whileSecretsAreLocked(stage: Stage, work: () => Promise<void>): Promise<void> {
  const client = await stage.db.connect();
  try {
    await client.query('begin');
    // the lock may last longer than the default timeout
    await client.query('set local idle_in_transaction_session_timeout = 0');
    await client.query('lock table endpoint_secrets in access exclusive mode');
    await work();
  } finally {
    client.release(true);
  }
}

async function waitingForSecrets(stage: Stage): Promise<number> {
  const [row] = await stage.query<{ count: number }>(
    `select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%endpoint_secrets%'`,
  );
  return row?.count ?? 0;
}

const relaysOf = (stage: Stage, { pid }: { pid: number }) =>
  stage.query<{ id: string }>('select id from relays where process like $1', [`% ${pid}`]);

// The order of steps is controlled and not timed. A lock on the secrets makes every attempt wait for the row that it is
// about to use, so no request is in flight when the process is frozen. The process continues only after another one has
// declared its relay dead and has delivered everything.
describe('a relay', () => {
  it('frozen in a burst and continued after a takeover loses and repeats nothing, and returns under a new id', {
    timeout: 400_000,
  }, async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't30', timings: quickWaits });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const frozen = await stage.start();
    const tenant = await makeTenant(stage, frozen);
    const accepted = await stage.send(frozen, tenant, ['before']);
    await stage.settled();
    const [old] = await relaysOf(stage, frozen);

    await whileSecretsAreLocked(stage, async () => {
      accepted.push(...(await stage.send(frozen, tenant, names('burst', 50))));
      await until('an attempt to wait for its row', async () => (await waitingForSecrets(stage)) > 0, 120_000);
      frozen.freeze();
    });
    expect(stage.receiver.requests).toHaveLength(1);
    const meanwhile = stage.send(frozen, tenant, names('meanwhile', 10));

    await stage.start({ role: 'worker' });
    await until('its relay to be declared dead', async () => (await relaysOf(stage, frozen)).length === 0, 120_000);
    await until('the other to deliver all that was accepted', () => stage.receiver.requests.length >= accepted.length, 120_000);
    await stage.settled();
    frozen.thaw();
    accepted.push(...(await meanwhile));
    expect(accepted).toHaveLength(61);
    await until('it to have a relay again', async () => (await relaysOf(stage, frozen)).length === 1, 120_000);
    expect(await relaysOf(stage, frozen)).not.toEqual([old]);
    await stage.settled();
    expect(stage.notOnce(accepted)).toEqual({});
    await expectTrueRecords(stage);
  });
});
