// A deterministic failure inside Posthorn, here a secret that cannot be decrypted, uses up none of
// the endpoint's attempts. After ten tries the delivery is quarantined, and continues when it is
// released.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t08', { LOG_LEVEL: 'fatal' });
});
afterAll(() => stage?.close());

/** Flips a byte of the endpoint's encrypted secret. A second call repairs it. */
async function spoilSecret({ endpoint }: Sent): Promise<void> {
  await stage.posthorn.database.db.query(
    'update endpoint_secrets set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 255) where endpoint_id = $1',
    [endpoint.id.slice('ep_'.length)],
  );
}

/** A delivery that was refused once and whose next tries are faults. Its row already counts seven of them. */
async function quarantined(): Promise<Sent> {
  const sent = await stage.send({ until: 'retrying', answer: [500, 204] });
  await spoilSecret(sent);
  await stage.sql(sent, 'update deliveries set faults = 7 where id = $1');
  await sent.command('retry-now');
  await sent.reach('quarantined');
  return sent;
}

describe.concurrent('a delivery that we cannot make', () => {
  it('is quarantined after ten tries, uses up no attempt, and is delivered when it is repaired and released', async () => {
    const sent = await quarantined();
    expect(await sent.row()).toMatchObject({ status: 'quarantined', attempts: 1, faults: 10, nextAttemptAt: null });
    expect(await sent.closed()).toBe('quarantined');
    expect(await stage.posthorn.attemptsOf(sent.id)).toHaveLength(1);
    const { body } = await stage.posthorn.get(`/v1/deliveries?status=quarantined&endpoint=${sent.endpoint.id}`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([sent.id]);
    for (const kind of ['replay', 'retry-now']) expect((await sent.command(kind)).status).toBe(409);

    await spoilSecret(sent);
    expect((await sent.command('release')).body).toMatchObject({ status: 'retrying', round: 1, attempts: 1, faults: 0 });
    expect(await sent.reach('succeeded')).toMatchObject({ round: 1, attempts: 2 });
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests().map(({ headers }) => headers['posthorn-attempt'])).toEqual(['1', '2']);
  });

  it('can be released too early: its faults are then counted from zero', async () => {
    const sent = await quarantined();
    await sent.command('release');
    await until('a fault', async () => (await sent.row()).faults === 1);
    expect(await sent.row()).toMatchObject({ status: 'retrying', attempts: 1 });
    await spoilSecret(sent);
    expect(await sent.reach('succeeded')).toMatchObject({ attempts: 2, faults: 0 });
  });

  it('shows its fault in Temporal without the secret, and can be cancelled meanwhile', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    await spoilSecret(sent);
    await sent.command('retry-now');
    const failure = await until('a fault', async () => {
      const [activity] = (await sent.handle.describe()).raw.pendingActivities ?? [];
      return activity?.lastFailure?.applicationFailureInfo?.type === 'Fault' && activity.lastFailure;
    });
    expect(failure.message).toMatch(
      /^the value was changed after it was encrypted, or belongs to another row \(internal error \d+ of 10\)$/,
    );
    expect((await sent.command('cancel')).status).toBe(202);
    expect(await sent.closed()).toBe('cancelled');
  });
});
