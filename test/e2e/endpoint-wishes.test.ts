// Endpoints control how they are called: Retry-After for the whole endpoint, 410 Gone, their own
// retry schedule. Pause, resume, change and deletion count at the next attempt.
// docs/architecture.md explains why 429, 503 and 410 differ from other failures.
import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reply } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { mostAtOnce, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

/** Answers the first request with a Retry-After. Returns when it was sent, and until when it applies. */
function busy(status: number, header: () => string): { reply: Reply; calmUntil: () => number } {
  let calm = 0;
  return {
    calmUntil: () => calm,
    reply(_request, response) {
      if (calm > 0) return void response.writeHead(204).end();
      const value = header();
      calm = /^\d+$/.test(value) ? Date.now() + Number(value) * 1_000 : Date.parse(value);
      response.writeHead(status, { 'retry-after': value }).end();
    },
  };
}

const seconds = () => '5';
/** HTTP dates have whole seconds, so this is between five and six seconds ahead. */
const date = () => new Date(Date.now() + 6_000).toUTCString();
const endpointOf = (id: string) => stage.posthorn.get(`/v1/endpoints/${id}`).then(({ body }) => body);
const action = (id: string, name: string) => stage.posthorn.post(`/v1/endpoints/${id}/${name}`);

describe.concurrent('Retry-After', () => {
  it.concurrent.each([
    [429, 'seconds', seconds],
    [429, 'date', date],
    [503, 'seconds', seconds],
    [503, 'date', date],
  ])('on %i as %s holds the whole endpoint', async (status, _form, header) => {
    const { reply, calmUntil } = busy(status, header);
    // at the time of the check its lane may have taken it over, or it may be due already
    const sent = await stage.send({ until: 'retrying or held or succeeded', answer: reply, retry: { schedule: ['10ms', '1h'] } });
    // stored right after the attempt's record
    const notBefore = await until('its wish to be known', async () => (await endpointOf(sent.endpoint.id)).notBefore as string | null);
    expect(Date.parse(notBefore)).toBeGreaterThanOrEqual(calmUntil() - 1_000);
    const other = await sent.again('held or succeeded');
    const [first, second] = await Promise.all([sent.reach('succeeded'), other.reach('succeeded')]);
    expect([first.attempts, second.attempts]).toEqual([2, 1]);
    for (const at of [sent.requests()[1]?.at, other.requests()[0]?.at]) expect(at).toBeGreaterThanOrEqual(calmUntil());
  });

  it('shorter than the schedule does not shorten the wait, and is ignored on a 500', async () => {
    const answer: Reply = (_request, response, count) =>
      void response.writeHead(count === 1 ? 429 : count === 2 ? 500 : 204, { 'retry-after': count === 1 ? '0' : '3600' }).end();
    const sent = await stage.send({ until: 'retrying or succeeded', answer, retry: { schedule: ['500ms', '100ms'] } });
    await sent.reach('succeeded');
    const [first, second] = sent.requests();
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(450);
    expect((await endpointOf(sent.endpoint.id)).notBefore ?? null).toSatisfy(
      (at: string | null) => at === null || Date.parse(at) <= Date.now(),
    );
  });
});

describe.concurrent('410 Gone', () => {
  it('stops the endpoint until it is resumed', async () => {
    const sent = await stage.send({ until: 'dead_lettered', answer: [410], retry: { schedule: ['10ms', '10ms'] } });
    expect(await sent.row()).toMatchObject({ attempts: 1 });
    expect(await endpointOf(sent.endpoint.id)).toMatchObject({ gate: 'disabled', gateReason: 'the endpoint answered 410 Gone' });
    const held = await sent.again('held');
    expect(held.requests()).toEqual([]);
    sent.answer([204]);
    expect((await action(sent.endpoint.id, 'resume')).body).toMatchObject({ gate: 'open', gateReason: null });
    expect(await held.reach('succeeded')).toMatchObject({ attempts: 1 });
    expect((await sent.row()).status).toBe('dead_lettered');
    await sent.command('replay');
    await sent.reach('succeeded');
  });
});

describe.concurrent('an exponential policy', () => {
  it.concurrent.each([1, 2, 5])('of %i attempts makes exactly that many, with each wait within its jitter', async (attempts) => {
    const retry = { initial: '100ms', factor: 2, max: '300ms', attempts };
    const sent = await stage.send({ until: 'dead_lettered', answer: [500], retry });
    expect(await sent.row()).toMatchObject({ attempts });
    await until('its workflow to know', async () => (await sent.handle.query<{ status: string }>('status')).status === 'dead_lettered');
    const times = sent.requests().map(({ at }) => at);
    expect(times).toHaveLength(attempts);
    [100, 200, 300, 300].slice(0, attempts - 1).forEach((wait, index) => {
      // the two times are milliseconds of different clocks
      expect((times[index + 1] ?? 0) - (times[index] ?? 0)).toBeGreaterThanOrEqual(wait * 0.9 - 2);
    });
    expect(sent.requests().map(({ headers }) => Number(headers['posthorn-attempt']))).toEqual(times.map((_, index) => index + 1));
    expect((await stage.posthorn.attemptsOf(sent.id)).map(({ number }) => number)).toEqual(times.map((_, index) => attempts - index));
    expect(mostAtOnce(sent)).toBe(1);
  });
});

describe.concurrent('an endpoint', () => {
  it('that is paused holds new and due deliveries, and gets them when resumed', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    sent.answer([204]);
    await action(sent.endpoint.id, 'pause');
    const held = await sent.again('held');
    expect((await sent.command('retry-now')).status).toBe(409);
    await sent.reach('held');
    expect(await sent.closed()).toBe('held');
    await action(sent.endpoint.id, 'resume');
    expect((await sent.command('retry-now')).status).toBe(202);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 1, attempts: 2 });
    expect(await held.reach('succeeded')).toMatchObject({ attempts: 1 });
  });

  it('that is deleted gets nothing more, and its unfinished deliveries are cancelled', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 204] });
    const dead = await sent.again('retrying');
    await stage.sql(dead, `update deliveries set status = 'dead_lettered', next_attempt_at = null where id = $1`);
    expect((await stage.posthorn.call('DELETE', `/v1/endpoints/${sent.endpoint.id}`)).status).toBe(204);
    expect(await sent.closed()).toBe('cancelled');
    for (const each of [sent, dead]) expect((await stage.posthorn.get(`/v1/deliveries/${each.id}`)).body.status).toBe('cancelled');
    expect((await dead.command('replay')).status).toBe(409);
    const eventId = await stage.posthorn.postEvent(stage.tenant, { type: sent.type });
    await until('its dispatch', async () => {
      const { rows } = await stage.posthorn.database.db.query('select from dispatches where done_at is null');
      return rows.length === 0;
    });
    expect(await stage.posthorn.deliveriesOf(stage.tenant, eventId)).toEqual([]);
    expect([...sent.requests(), ...dead.requests()]).toHaveLength(2);
  });

  it('whose URL and secret change while a delivery waits gets it at the new URL, signed with the new secret', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    const other = '/elsewhere';
    await stage.posthorn.call('PATCH', `/v1/endpoints/${sent.endpoint.id}`, { url: stage.receiver.url + other });
    const { body } = await stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/rotate-secret`, { overlap: '0s' });
    await sent.command('retry-now');
    await sent.reach('succeeded');
    const [first, second] = sent.requests();
    expect([first?.path, second?.path]).toEqual([sent.path, other]);
    new Webhook(body.secret).verify(second?.body ?? '', second?.headers ?? {});
    expect(() => new Webhook(sent.endpoint.secret).verify(second?.body ?? '', second?.headers ?? {})).toThrow();
    expect(second?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(second?.body).toEqual(first?.body);
  });
});
