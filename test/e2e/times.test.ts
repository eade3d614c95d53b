// Deliveries are not sent before `deliverAt`, and never at or after `expiresAt`, whatever they wait
// for.
import { afterAll, describe, expect, it } from 'vitest';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const hasWorkflow = (sent: Sent) =>
  sent.handle.describe().then(
    () => true,
    () => false,
  );

/** Waits until its dispatch is done. */
async function dispatched(): Promise<void> {
  await until('all dispatches', async () => {
    const { rows } = await stage.posthorn.database.db.query('select from dispatches where done_at is null');
    return rows.length === 0;
  });
}

describe.concurrent('deliverAt', () => {
  it('in the near future: nothing is sent before that time', async () => {
    const deliverAt = inMs(3_000);
    const sent = await stage.send({ until: 'pending or succeeded', event: { deliverAt } });
    await sent.reach('succeeded');
    expect(sent.requests()[0]?.at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
    expect(sent.requests()).toHaveLength(1);
  });

  it('in the near future: the delivery can be cancelled, or sent now', async () => {
    const event = { deliverAt: inMs(50_000) };
    const [one, other] = await Promise.all([stage.send({ until: 'pending', event }), stage.send({ until: 'pending', event })]);
    expect((await one.row()).nextAttemptAt).toBe(event.deliverAt);
    await one.started();
    expect((await one.command('cancel')).status).toBe(202);
    expect((await other.command('retry-now')).status).toBe(202);
    await other.reach('succeeded');
    expect(await one.closed()).toBe('cancelled');
    expect(one.requests()).toEqual([]);
  });

  it('in the far future: the delivery is planned and has no workflow until it is due', async () => {
    const sent = await stage.send({ until: 'pending', event: { deliverAt: inMs(86_400_000) } });
    await dispatched();
    expect(await hasWorkflow(sent)).toBe(false);
    stage.posthorn.worker.relay.sweepSoon();
    // as if the day had passed, except for two seconds
    await stage.sql(
      sent,
      `update deliveries set created_at = now() - interval '1 day', next_attempt_at = now() + interval '2 seconds' where id = $1`,
    );
    const due = Date.parse((await sent.row()).nextAttemptAt ?? '');
    stage.posthorn.worker.relay.sweepSoon();
    await sent.reach('succeeded');
    expect(sent.requests()[0]?.at).toBeGreaterThanOrEqual(due);
  });

  it('in the far future: the delivery can be cancelled, or sent now', async () => {
    const event = { deliverAt: inMs(86_400_000) };
    const [one, other] = await Promise.all([stage.send({ until: 'pending', event }), stage.send({ until: 'pending', event })]);
    await dispatched();
    expect((await one.command('cancel')).status).toBe(202);
    expect((await other.command('retry-now')).status).toBe(202);
    await other.reach('succeeded');
    expect((await one.row()).status).toBe('cancelled');
    expect(await hasWorkflow(one)).toBe(false);
  });
});

describe.concurrent('expiresAt', () => {
  it('ends the wait for the next attempt, however long it is', async () => {
    const inHalfAnHour = inMs(1_800_000);
    const shown = await stage.send({ until: 'retrying', answer: [500, 204], event: { expiresAt: inHalfAnHour } });
    expect((await shown.row()).nextAttemptAt).toBe(inHalfAnHour);
    const sendExpiring = async (expiresAt: string) => {
      const sent = await stage.send({ until: 'retrying or expired', answer: [500, 204], event: { expiresAt } });
      expect(await sent.closed()).toBe('expired');
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
      return sent;
    };
    let sent = await sendExpiring(inMs(6_000));
    // a starved machine may make the first attempt later
    if ((await sent.row()).attempts === 0) sent = await sendExpiring(inMs(60_000));
    expect(await sent.row()).toMatchObject({ status: 'expired', attempts: 1, nextAttemptAt: null });
    expect(sent.requests()).toHaveLength(1);
    for (const kind of ['retry-now', 'cancel', 'replay']) expect((await sent.command(kind)).status).toBe(409);
  });

  it('ends the wait for the time of a Retry-After', async () => {
    const sent = await stage.send({
      // its lane takes it over at some point
      until: 'retrying or held',
      answer: (_request, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    });
    const other = await sent.again('held or expired', { expiresAt: inMs(5_000) });
    await other.reach('expired');
    expect(other.requests()).toEqual([]);
    // the lane has taken the delivery over from its workflow
    expect(await sent.reach('held')).toMatchObject({ attempts: 1 });
  });

  it('also counts if the time passes unnoticed: on retry-now, and while the endpoint is paused', async () => {
    const late = await stage.send({ until: 'retrying', answer: [500, 204], event: { expiresAt: inMs(1_800_000) } });
    await stage.sql(late, `update deliveries set expires_at = now() - interval '1 second' where id = $1`);
    await late.command('retry-now');
    expect(await late.closed()).toBe('expired');

    const open = await stage.send({ until: 'succeeded' });
    await stage.posthorn.post(`/v1/endpoints/${open.endpoint.id}/pause`);
    const held = await open.again('held', { expiresAt: inMs(1_800_000) });
    await stage.sql(held, `update deliveries set expires_at = now() - interval '1 second' where id = $1`);
    await stage.posthorn.post(`/v1/endpoints/${open.endpoint.id}/resume`);
    expect(await held.reach('expired')).toMatchObject({ attempts: 0 });
    for (const sent of [late, held]) expect(sent.requests().length).toBe((await sent.row()).attempts);
  });

  it('is removed by a replay, because a replay is meant to be sent', async () => {
    const sent = await stage.send({ until: 'succeeded', event: { expiresAt: inMs(1_800_000) } });
    await stage.sql(sent, `update deliveries set expires_at = now() - interval '1 second' where id = $1`);
    expect((await sent.command('replay')).status).toBe(202);
    await until('the replay', () => sent.requests().length === 2);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2 });
  });
});
