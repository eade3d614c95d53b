// Replay jobs from the request to the receiver, on real servers: with the API, from Temporal, and when Temporal has lost them.
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bySystem } from '#db/audit/audit';
import { createReplay, readTarget } from '#db/replays/replays';
import { uuidOf } from '#domain/ids';
import { selectionOf } from '#domain/replays/replay';
import { usualTimings } from '#domain/timings';
import { newId } from '#runtime/new-id';
import { type LaneEndpoint, type LaneStage, openLaneStage } from '../lanes/lane-stage.ts';
import { testTimings } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';

const timings = {
  ...testTimings,
  replays: {
    ...usualTimings.replays,
    ...{ resultsEveryMs: 300, lookEveryMs: 500, unsignalledAfterMs: 500, idleAfterMs: 12_000 },
    // no test waits for them, see passQuietTime: how long a job rests on a slow machine must not end it
    ...{ refusedAfterMs: 600_000, quietAfterMs: 1_200_000 },
  },
};
let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t88', {}, { timings });
});
afterAll(() => stage?.close());

const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
const since = new Date(Date.now() - 3_600_000).toISOString();

interface Job {
  id: string;
  status: string;
  matched: number;
  done: number;
}

/** An endpoint with so many dead letters, whose requests are answered with 204 from now on. */
async function deadLetters(count: number, settings: object = once): Promise<LaneEndpoint> {
  const endpoint = await stage.endpoint(settings);
  endpoint.answer([404, 204]);
  await endpoint.post(count);
  await endpoint.reach('dead_lettered', count);
  return endpoint;
}

async function start({ id }: LaneEndpoint, more: object = {}): Promise<Job> {
  const { status, body } = await stage.where.api.post('/v1/replays', { endpoint: id, since, perSecond: 200, ...more });
  if (status !== 202) throw new Error(JSON.stringify(body));
  return body;
}

const show = async ({ id }: Pick<Job, 'id'>) => (await stage.where.api.get(`/v1/replays/${id}`)).body;
const handle = ({ id }: Pick<Job, 'id'>) => stage.where.temporal.workflow.getHandle(`replay/${id}`);
const become = (job: Pick<Job, 'id'>, status: string) =>
  until(`the job ${status}`, async () => {
    const now = await show(job);
    if (now.status !== status) throw new Error(JSON.stringify(now));
    return now;
  });
/** Until the job has ended, because it has made no progress for long. */
const passQuietTime = (job: Pick<Job, 'id'>) =>
  until('the job to end', async () => {
    await stage.where.db.query(`update replays set progressed_at = now() - interval '1 hour' where id = $1`, [uuidOf(job.id)]);
    return (await show(job)).status === 'done';
  });
/** Deliveries in their second round. */
async function replayed({ id }: LaneEndpoint): Promise<number> {
  const text = 'select count(*)::int as count from deliveries where endpoint_id = $1 and round = 2';
  return (await stage.where.db.query(text, [uuidOf(id)])).rows[0].count;
}

describe.concurrent('a job', () => {
  it('replays the dead letters of an endpoint, each once, marked with its round', async () => {
    const endpoint = await deadLetters(12);
    const job = await start(endpoint);
    expect(await become(job, 'done')).toMatchObject({
      matched: 12,
      done: 12,
      succeeded: 12,
      failed: 0,
      skipped: 0,
      waiting: 0,
      error: null,
    });
    expect(await handle(job).result()).toMatchObject({ status: 'done', matched: 12, succeeded: 12 });
    const marks = endpoint.requests().map(({ headers, answered }) => `${answered?.status} ${headers['posthorn-replay']}`);
    expect(marks.toSorted()).toEqual([...Array(12).fill('204 2'), ...Array(12).fill('404 undefined')]);
    const { body } = await stage.where.api.get(`/v1/deliveries?endpoint=${endpoint.id}&limit=1`);
    const attempts = await stage.where.api.attemptsOf(body.data[0].id);
    const headersOf = (attempt: unknown) => Object.fromEntries((attempt as { request: { headers: [string, string][] } }).request.headers);
    expect(attempts.map((attempt) => headersOf(attempt)['posthorn-replay'])).toEqual(['2', undefined]);
    // workflows of dead letters are signalled later, one after the other
    await stage.where.db.query(
      `update deliveries set unsignalled_since = now() - interval '11 seconds' where endpoint_id = $1 and unsignalled_since is not null`,
      [uuidOf(endpoint.id)],
    );
    stage.posthorn.worker.relay.sweepSoon();
    await until('their workflows to close', async () => (await endpoint.openWorkflows()).length === 0);
  });

  it('delivers what an endpoint never got, through its lane if it has one', async () => {
    const first = await stage.endpoint();
    await first.post(10);
    await first.reach('succeeded', 10);
    const { id } = await stage.where.api.makeEndpoint(first.tenant, `${stage.where.receiver.url}/later`, {
      ...{ eventTypes: [first.type], rateLimit: { perSecond: 50, burst: 1 } },
    });
    const { body: job } = await stage.where.api.post('/v1/replays', { endpoint: id, since, neverAttempted: true });
    expect(await become(job, 'done')).toMatchObject({ matched: 10, done: 10, succeeded: 10, waiting: 0 });
    const requests = stage.where.receiver.requests.filter(({ path }) => path === '/later');
    expect(requests.map(({ headers }) => headers['webhook-id']).toSorted()).toEqual(
      first
        .requests()
        .map(({ headers }) => headers['webhook-id'])
        .toSorted(),
    );
    expect(requests.map(({ headers }) => headers['posthorn-replay'])).toEqual(Array(10).fill(undefined));
  });

  it('ends with what is refused as failed, while its retries go on, and with what a paused endpoint holds as waiting', async () => {
    const failing = await deadLetters(3);
    await failing.change({ retry: { schedule: ['1h'] } });
    failing.answer([500]);
    const [one, paused] = [await start(failing), await deadLetters(2)];
    await paused.act('pause');
    const other = await start(paused);
    await failing.reach('retrying', 3);
    await until('what the paused endpoint holds to be handed over', async () => (await show(other)).done === 2);
    await Promise.all([one, other].map(passQuietTime));
    expect(await show(one)).toMatchObject({ matched: 3, done: 3, failed: 3, succeeded: 0, waiting: 0 });
    expect(await failing.statuses()).toEqual({ retrying: 3 });
    expect(await show(other)).toMatchObject({ done: 2, waiting: 2, failed: 0 });
    await paused.act('resume');
    await paused.reach('succeeded', 2);
  });

  it('is paused, resumed and cancelled by the API, and keeps what it has replayed', async () => {
    const endpoint = await deadLetters(8);
    const job = await start(endpoint, { perSecond: 0.1 });
    await until('the first one', async () => (await replayed(endpoint)) === 1);
    await stage.where.api.post(`/v1/replays/${job.id}/pause`);
    await until('its workflow to wait', async () => (await handle(job).query<Job>('progress')).status === 'paused');
    await stage.where.api.call('PATCH', `/v1/replays/${job.id}`, { perSecond: 2 });
    expect(await replayed(endpoint)).toBe(1);
    await stage.where.api.post(`/v1/replays/${job.id}/resume`);
    await until('the next ones', async () => (await replayed(endpoint)) >= 3);
    const { body } = await stage.where.api.post(`/v1/replays/${job.id}/cancel`);
    expect(body.status).toBe('cancelled');
    const result = await handle(job).result();
    expect(result).toMatchObject({ status: 'cancelled', done: await replayed(endpoint) });
    expect(await replayed(endpoint)).toBeLessThan(8);
  });
});

describe.concurrent('in Temporal', () => {
  it('takes signals with any input, Updates with valid input, and answers; each is in the audit log', async () => {
    const endpoint = await deadLetters(3);
    const job = await start(endpoint, { perSecond: 0.01 });
    await become(job, 'running');
    const pace = (input?: unknown) => handle(job).executeUpdate<unknown, [unknown]>('setPace', { args: [input] });
    for (const input of [
      undefined,
      null,
      'fast',
      {},
      { perSecond: '5' },
      { perSecond: 0 },
      { perSecond: 5_000 },
      { perSecond: 5, burst: 1 },
    ])
      await expect(pace(input)).rejects.toThrow(WorkflowUpdateFailedError);
    expect(await pace({ perSecond: 0.02 })).toEqual({ obeyed: true, status: 'running' });
    for (const input of [
      [],
      [null],
      ['rubbish'],
      [7],
      [{ perSecond: [] }],
      [JSON.parse('{"__proto__":1}')],
      ['x'.repeat(100_000)],
      [{}, 'more'],
    ])
      for (const name of ['look', 'pause']) await handle(job).signal(name, ...input);
    await become(job, 'paused');
    await handle(job).signal('resume', 'rubbish');
    await become(job, 'running');
    expect(await handle(job).executeUpdate('pause')).toEqual({ obeyed: true, status: 'paused' });
    const { events } = await handle(job).fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
    await handle(job).signal('cancel', 5);
    expect(await handle(job).result()).toMatchObject({ status: 'cancelled' });
    const { body } = await stage.where.api.get('/v1/audit-log?limit=250');
    const entries = body.data.filter(({ target }: { target: { id: string } }) => target.id === job.id).reverse();
    expect(entries.map(({ action }: { action: string }) => action)).toEqual(
      ['create', 'set_pace', 'pause', 'resume', 'pause', 'cancel'].map((action) => `replay.${action}`),
    );
    expect(
      entries.slice(1).every(({ actor }: { actor: object }) => JSON.stringify(actor) === `{"kind":"temporal","id":"replay/${job.id}"}`),
    ).toBe(true);
  });

  it('shows its progress and commands, and the Cancel of the Web UI cancels the job', async () => {
    const endpoint = await deadLetters(2);
    const job = await start(endpoint, { perSecond: 0.01 });
    await become(job, 'running');
    interface Metadata {
      definition: Record<string, { name: string; description?: string }[]>;
      currentDetails: string;
    }
    const { definition, currentDetails } = await handle(job).query<Metadata>('__temporal_workflow_metadata');
    const { queryDefinitions = [], signalDefinitions = [], updateDefinitions = [] } = definition;
    const named = [...queryDefinitions, ...signalDefinitions, ...updateDefinitions].filter(({ name }) => !name.startsWith('__'));
    expect(named.map(({ name }) => name).toSorted()).toEqual([
      'cancel',
      'cancel',
      'look',
      'pause',
      'pause',
      'progress',
      'resume',
      'resume',
      'setPace',
    ]);
    expect(named.filter(({ description = '' }) => description.length < 20)).toEqual([]);
    expect(currentDetails).toMatch(/^\*\*(counting|running)\*\*: \d of \d done/);
    await handle(job).cancel();
    await become(job, 'cancelled');
    await until('its end', async () => (await handle(job).describe()).status.name !== 'RUNNING');
  });

  it('is started again when it was terminated, and goes on where it was', async () => {
    const endpoint = await deadLetters(6);
    const job = await start(endpoint, { perSecond: 1 });
    await until('the first ones', async () => (await replayed(endpoint)) >= 2);
    await handle(job).terminate();
    // its activity may still run for a moment
    expect(await become(job, 'done')).toMatchObject({ matched: 6, done: 6, succeeded: 6 });
    expect(endpoint.requests()).toHaveLength(12);
  });

  it('is started by a chore when Temporal was away, or the process died, at its creation', async () => {
    const endpoint = await deadLetters(2);
    const replayId = newId('rpl');
    const selection = selectionOf({ since }, Date.now());
    const tenantId = await readTarget(stage.where.db, endpoint.id);
    await createReplay(
      stage.where.db,
      { replayId, tenantId, endpointId: endpoint.id, selection, perSecond: 100, createdBy: 'test' },
      bySystem('replay.create'),
    );
    expect(await become({ id: replayId }, 'done')).toMatchObject({ done: 2, succeeded: 2 });
  });
});
