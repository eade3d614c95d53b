// Changes and commands between the steps of batched mode (accepted, attempted, dispatched) count at
// the next step: there is one delivery for each endpoint as it is then. The tests between the first
// attempt and the dispatch let no dispatch begin meanwhile.
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { holding, type Sent, type Stage, setStage } from '../e2e/stage.ts';
import type { ApiAnswer } from '../support/api.ts';
import { until } from '../support/until.ts';

let stage: Stage;
beforeAll(async () => {
  const env = { POSTHORN_DISPATCH: 'batched', POSTHORN_DISPATCHES_PER_SECOND: '0.2' };
  stage = await setStage('t36', env, {
    async reached(checkpoint) {
      if (checkpoint === 'before plan') await until('no test to be between the steps', () => between === 0, 200_000);
    },
  });
  await stage.posthorn.makeEndpoint(stage.tenant, `${stage.receiver.url}/probe`, { eventTypes: ['probe.*'] });
});
afterAll(() => stage?.close());

let between = 0;
/** While a test runs this, no dispatch does anything. */
async function beforeDispatch<T>(act: () => Promise<T>): Promise<T> {
  between++;
  try {
    return await act();
  } finally {
    between--;
  }
}

type Endpoint = Sent['endpoint'] & { path: string; type: string };

const api = (method: string, path: string, body?: unknown) => stage.posthorn.call(method, `/v1/endpoints/${path}`, body);
const deliveries = (eventId: string) => stage.posthorn.deliveriesOf(stage.tenant, eventId);

/** The single delivery of an event, once it is in this status. */
const only = (eventId: string, status: string) =>
  until(`${eventId} ${status}`, async () => {
    const rows = await deliveries(eventId);
    expect(rows.length).toBeLessThanOrEqual(1);
    return rows[0]?.status === status && rows[0];
  });

interface Change {
  make(endpoint: Endpoint): Promise<ApiAnswer>;
  /** The expected result for a delivery that is still to be sent. */
  follows(eventId: string, endpoint: Endpoint, answer: ApiAnswer): Promise<void>;
}

const arrives = async (eventId: string, path: string) => {
  await only(eventId, 'succeeded');
  expect(stage.receiver.of(eventId).map((request) => request.path)).toEqual(expect.arrayContaining([path]));
  expect(stage.receiver.of(eventId).at(-1)?.path).toBe(path);
};

const changes: [string, Change][] = [
  [
    'with a new URL, it goes there',
    {
      make: ({ id, path }) => api('PATCH', id, { url: `${stage.receiver.url}${path}-new` }),
      follows: (eventId, { path }) => arrives(eventId, `${path}-new`),
    },
  ],
  [
    'with a new secret, it is signed with that alone',
    {
      make: ({ id }) => api('POST', `${id}/rotate-secret`, { overlap: '0s' }),
      async follows(eventId, { path, secret }, { body }) {
        await arrives(eventId, path);
        const request = stage.receiver.of(eventId).at(-1);
        new Webhook(body.secret).verify(request?.body ?? '', request?.headers ?? {});
        expect(() => new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toThrow();
      },
    },
  ],
  [
    'deleted, nothing more is sent there',
    {
      make: ({ id }) => api('DELETE', id),
      async follows(eventId) {
        const sent = stage.receiver.of(eventId).length;
        await only(eventId, 'cancelled');
        expect(stage.receiver.of(eventId)).toHaveLength(sent);
      },
    },
  ],
  [
    'paused, it is held until the resume',
    {
      make: ({ id }) => api('POST', `${id}/pause`),
      async follows(eventId, { id, path }) {
        const sent = stage.receiver.of(eventId).length;
        await only(eventId, 'held');
        expect(stage.receiver.of(eventId)).toHaveLength(sent);
        await api('POST', `${id}/resume`);
        await arrives(eventId, path);
      },
    },
  ],
  [
    'joined by another, that one gets nothing of it',
    {
      make: ({ type }) =>
        stage.posthorn.post(`/v1/tenants/${stage.tenant}/endpoints`, { url: `${stage.receiver.url}/late`, eventTypes: [type] }),
      follows: (eventId, { path }) => arrives(eventId, path),
    },
  ],
];

describe('an endpoint that is changed', () => {
  it.concurrent.each(changes)('between the first attempt and the dispatch: %s', async (_name, { make, follows }) => {
    const { sent, endpoint, answer } = await beforeDispatch(async () => {
      const refused = await stage.send({ until: 'retrying', answer: [500, 204], retry: { schedule: ['1s', '1s'] } });
      const about = { ...refused.endpoint, path: refused.path, type: refused.type };
      return { sent: refused, endpoint: about, answer: await make(about) };
    });
    expect(answer.status).toBeLessThan(300);
    await follows(sent.eventId, endpoint, answer);
    expect(stage.receiver.of(sent.eventId).length).toBeLessThanOrEqual(2);
  });

  it.concurrent.each(changes)('between acceptance and the first attempt: %s', async (_name, { make, follows }) => {
    const hold = holding();
    const sent = await stage.send({ until: 'succeeded', endpoint: { maxInFlight: 1 } });
    const endpoint = { ...sent.endpoint, path: sent.path, type: sent.type };
    sent.answer(hold.reply);
    const first = await stage.posthorn.postEvent(stage.tenant, { type: sent.type });
    await hold.held();
    const second = await stage.posthorn.postEvent(stage.tenant, { type: sent.type });
    const answer = await make(endpoint);
    // the relay's cache of this tenant's endpoints is as fresh as the last event
    const probe = await stage.posthorn.postEvent(stage.tenant, { type: 'probe.sent' });
    await until('the probe', () => stage.receiver.of(probe).length === 1);
    sent.answer([204]);
    hold.release(204);
    await only(first, 'succeeded');
    await follows(second, endpoint, answer);
    expect(stage.receiver.of(second).length).toBeLessThanOrEqual(1);
  });
});

const operator = (signal: string, deliveryId: string) =>
  stage.posthorn.temporal.workflow.getHandle('posthorn/operator').signal(signal, { deliveryId });

describe.concurrent('a raw signal', () => {
  it('replays through the operator a delivery that was accepted at its first attempt and has no workflow', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await expect(sent.handle.describe()).rejects.toThrow();
    await expect(sent.handle.signal('replay')).rejects.toThrow();
    await operator('replay', sent.id);
    await until('the second round', async () => (await sent.row()).round === 2 && (await sent.row()).status === 'succeeded');
    expect(sent.requests().map(({ headers }) => headers['posthorn-attempt'])).toEqual(['1', '1']);
    expect(await sent.closed()).toBe('succeeded');
  });

  it('cancels through the operator a refused delivery that is not dispatched yet', async () => {
    const sent = await beforeDispatch(async () => {
      const refused = await stage.send({ until: 'retrying', answer: [500] });
      await operator('cancel', refused.id);
      await only(refused.eventId, 'cancelled');
      return refused;
    });
    await until('its event to be dispatched', async () => {
      const { rows } = await stage.posthorn.database.db.query(
        'select from dispatches where done_at is not null and (select event_id from deliveries where id = $1) = any(event_ids)',
        [uuidOf(sent.id)],
      );
      return rows.length === 1;
    });
    expect((await sent.row()).status).toBe('cancelled');
    expect(sent.requests()).toHaveLength(1);
  });

  it.each(['operator', 'its own workflow'])(
    'cancels and retries through %s a delivery that waits for its second attempt',
    async (through) => {
      const [cancelled, retried] = await Promise.all([
        stage.send({ until: 'retrying', answer: [500] }),
        stage.send({ until: 'retrying', answer: [500, 204] }),
      ]);
      const say = (sent: Sent, signal: string) => (through === 'operator' ? operator(signal, sent.id) : sent.handle.signal(signal));
      await Promise.all([cancelled.started(), retried.started()]);
      await Promise.all([say(cancelled, 'cancel'), say(retried, 'retryNow')]);
      expect([await cancelled.closed(), await retried.closed()]).toEqual(['cancelled', 'succeeded']);
      expect([(await only(cancelled.eventId, 'cancelled')).attempts, (await only(retried.eventId, 'succeeded')).attempts]).toEqual([1, 2]);
    },
  );

  it.each(['operator', 'its own workflow'])('replays a dead letter through %s', async (through) => {
    const retry = { initial: '1s', factor: 1, max: '1s', attempts: 1 };
    const sent = await stage.send({ until: 'dead_lettered', answer: [500, 204], retry });
    if (through === 'operator') await operator('replay', sent.id);
    else {
      await sent.started();
      await sent.handle.signal('replay');
    }
    expect(await only(sent.eventId, 'succeeded')).toMatchObject({ round: 2, attempts: 1 });
    expect(await sent.closed()).toBe('succeeded');
  });
});
