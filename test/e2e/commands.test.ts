// Commands over HTTP: cancel, retry-now and replay, in the states that allow them and in those that
// do not.
import { afterAll, describe, expect, it } from 'vitest';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { holding, type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const soon = { schedule: ['100ms'] };

describe.concurrent('cancel', () => {
  it('ends a delivery in backoff at once, and its workflow', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    expect((await sent.command('cancel')).status).toBe(202);
    expect((await sent.row()).status).toBe('cancelled');
    expect(await sent.closed()).toBe('cancelled');
    expect(sent.requests()).toHaveLength(1);
    expect((await sent.command('cancel')).status).toBe(202);
    expect((await sent.command('retry-now')).status).toBe(409);
    expect((await sent.command('replay')).status).toBe(409);
  });

  it('ends a delivery that is not due yet', async () => {
    const deliverAt = new Date(Date.now() + 50_000).toISOString();
    const sent = await stage.send({ until: 'pending', event: { deliverAt } });
    await sent.started();
    expect((await sent.command('cancel')).body).toMatchObject({ status: 'cancelled', nextAttemptAt: null });
    expect(await sent.closed()).toBe('cancelled');
    expect(sent.requests()).toEqual([]);
  });

  it('ends a dead letter, and its workflow', async () => {
    const sent = await stage.send({ until: 'dead_lettered', answer: [500], retry: soon });
    expect((await sent.command('retry-now')).status).toBe(409);
    expect((await sent.command('cancel')).status).toBe(202);
    expect(await sent.closed()).toBe('cancelled');
    expect((await sent.row()).status).toBe('cancelled');
  });

  it('ends a delivery held for a paused endpoint, which is not sent on resume', async () => {
    const sent = await stage.send({ until: 'succeeded', answer: [204] });
    await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/pause`);
    const held = await sent.again('held');
    expect((await held.row()).workflowId).toBe(`lane/${sent.endpoint.id}`);
    expect((await held.command('cancel')).status).toBe(202);
    await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/resume`);
    await sent.again('succeeded');
    expect((await held.row()).status).toBe('cancelled');
    expect(held.requests()).toEqual([]);
  });

  it('ends a delivery in quarantine', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    await stage.sql(sent, `update deliveries set status = 'quarantined', next_attempt_at = null where id = $1`);
    expect((await sent.command('retry-now')).status).toBe(409);
    expect((await sent.command('cancel')).status).toBe(202);
    expect((await sent.row()).status).toBe('cancelled');
  });

  it('is refused for a delivery that succeeded', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    expect((await sent.command('cancel')).status).toBe(409);
    expect((await sent.command('retry-now')).status).toBe(409);
    expect((await sent.command('release')).status).toBe(409);
    expect((await sent.row()).status).toBe('succeeded');
  });
});

describe.concurrent('retry-now', () => {
  it('ends an hour of waiting at once, each time it is given', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 500, 204] });
    expect((await sent.command('retry-now')).status).toBe(202);
    await until('the second attempt', async () => (await sent.row()).attempts === 2);
    await sent.reach('retrying');
    expect((await sent.command('retry-now')).status).toBe(202);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 1, attempts: 3 });
    expect(await sent.closed()).toBe('succeeded');
  });
});

describe.concurrent('replay', () => {
  it('delivers a dead letter from the start of its schedule', async () => {
    const sent = await stage.send({ until: 'dead_lettered', answer: [500, 500, 500, 204], retry: soon });
    expect(await sent.workflow()).toBe('RUNNING');
    expect((await sent.command('replay')).body).toMatchObject({
      ...{ status: 'pending', round: 2, attempts: 0 },
      ...{ lastOutcome: null, lastMessage: null },
    });
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2, attempts: 2 });
    expect(await sent.closed()).toBe('succeeded');
  });

  it('delivers a succeeded delivery again, in a workflow with the same id', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await sent.closed();
    const { runId } = await sent.handle.describe();
    expect((await sent.command('replay')).status).toBe(202);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2, attempts: 1 });
    expect(await sent.closed()).toBe('succeeded');
    expect((await sent.handle.describe()).runId).not.toBe(runId);
    expect(sent.requests().map(({ headers }) => headers['posthorn-attempt'])).toEqual(['1', '1']);
  });

  it('repeated with the same Idempotency-Key makes one round', async () => {
    const sent = await stage.send({ until: 'dead_lettered', answer: [500, 500, 204], retry: soon });
    const first = await sent.command('replay', 'same-key');
    await sent.reach('succeeded');
    const second = await sent.command('replay', 'same-key');
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2 });
    expect(sent.requests()).toHaveLength(3);
  });

  it('from several concurrent requests makes one round', async () => {
    const hold = holding();
    const sent = await stage.send({ until: 'dead_lettered', answer: [500], retry: { schedule: ['50ms'] } });
    sent.answer(hold.reply);
    const answers = await Promise.all(Array.from({ length: 5 }, () => sent.command('replay')));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    await hold.held();
    hold.release(204);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2, attempts: 1 });
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(3);
  });
});

describe.concurrent('a replay for a paused endpoint', () => {
  async function deadBehindPause(): Promise<Sent> {
    const sent = await stage.send({ until: 'dead_lettered', answer: [500], retry: soon });
    await until('its workflow to wait', async () => (await sent.handle.query<{ status: string }>('status')).status === 'dead_lettered');
    await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/pause`);
    return sent;
  }

  /**
   * Expects that its workflow has ended, that it queues in the lane, and that it is sent when the endpoint is resumed.
   */
  async function expectHeldUntilResume(sent: Sent): Promise<void> {
    const workflowId = `lane/${sent.endpoint.id}`;
    expect(await sent.closed()).toBe('held');
    expect(await sent.row()).toMatchObject({ status: 'held', round: 2, attempts: 0, workflowId });
    const lane = await stage.posthorn.get(`/v1/endpoints/${sent.endpoint.id}/lane`);
    expect(lane.body).toMatchObject({ held: 1, reasons: ['paused'], workflowId });
    expect(sent.requests()).toHaveLength(2);
    sent.answer([204]);
    await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/resume`);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2, attempts: 1 });
  }

  it('is held if it comes from the API', async () => {
    const sent = await deadBehindPause();
    expect(await sent.command('replay')).toMatchObject({ status: 202, body: { status: 'held' } });
    expect((await sent.command('replay')).status).toBe(409);
    expect(await sent.command('retry-now')).toMatchObject({ status: 409, body: { detail: 'The endpoint is paused. Resume it first.' } });
    await expectHeldUntilResume(sent);
  });

  it('is held if it comes from a signal to its workflow', async () => {
    const sent = await deadBehindPause();
    await sent.handle.signal('replay', { replayId: 'by-hand' });
    await expectHeldUntilResume(sent);
  });

  it('is held if it comes from a signal to the operator', async () => {
    const sent = await deadBehindPause();
    await stage.posthorn.temporal.workflow.getHandle('posthorn/operator').signal('replay', { deliveryId: sent.id });
    await expectHeldUntilResume(sent);
  });
});

describe('the audit log', () => {
  const entriesOf = async (target: string) => {
    const { data } = (await stage.posthorn.get('/v1/audit-log?limit=250')).body;
    type Entry = { action: string; actor: { kind: string; id: string | null }; target: { id: string } };
    const about = (data as Entry[]).filter((entry) => entry.target.id === target);
    return about.map(({ action, actor }) => `${action} by ${actor.kind} ${actor.id}`).toReversed();
  };
  const spent = (sent: Sent, attempts: number) =>
    until(`${attempts} attempts`, async () => {
      const row = await sent.row();
      return row.attempts === attempts && row.status === 'retrying';
    });

  it('contains each command once, with its source: the API, a signal to its workflow, the operator', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 500, 500, 500, 500], retry: { schedule: Array(9).fill('1h') } });
    const own = `delivery/${sent.id}`;
    await sent.command('retry-now');
    await spent(sent, 2);
    await sent.handle.signal('retryNow');
    await spent(sent, 3);
    const operator = stage.posthorn.temporal.workflow.getHandle('posthorn/operator');
    await operator.signal('retryNow', { deliveryId: sent.id });
    await spent(sent, 4);
    await operator.signal('pause', { endpointId: sent.endpoint.id });
    await operator.signal('cancel', { deliveryId: sent.id });
    expect(await sent.closed()).toBe('cancelled');
    expect(await entriesOf(sent.id)).toEqual([
      'delivery.retry_now by bootstrap null',
      `delivery.retry_now by temporal ${own}`,
      'delivery.retry_now by temporal posthorn/operator',
      'delivery.cancel by temporal posthorn/operator',
    ]);
    expect((await entriesOf(sent.endpoint.id)).at(-1)).toBe('endpoint.pause by temporal posthorn/operator');
  });
});
