// What Temporal shows of a delivery, in its list and summaries, and what it must never hold:
// customer data other than ids, event type and host.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusAttribute } from '#contract/workflow-contract';
import { deliveryStart } from '#temporal/starter';
import { unhurried } from '../support/quick-timings.ts';
import { swell } from '../support/swell.ts';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t07', {}, { timings: unhurried });
});
afterAll(() => stage?.close());

const deadLetter = { until: 'dead_lettered', answer: [500], retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

async function idsOf(query: string): Promise<string[]> {
  const ids = [];
  for await (const { workflowId } of stage.posthorn.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

const listed = (query: string, workflowId: string) =>
  until(`${workflowId} in the list by ${query}`, async () => (await idsOf(query)).includes(workflowId));

/** The window of a dead letter begins again with each run. */
const withoutTime = (details: string) => details.replace(/ Open until \S+/, '');

/** Posts an event of this type to two endpoints. A single delivery needs no dispatch workflow. Returns the id of that. */
async function dispatchToTwo(type: string, data: object = {}): Promise<string> {
  const { posthorn, receiver, tenant } = stage;
  for (const path of ['/one', '/two']) await posthorn.makeEndpoint(tenant, receiver.url + path, { eventTypes: [type] });
  await posthorn.post(`/v1/tenants/${tenant}/events`, { type, data });
  const query = `WorkflowType="dispatchEvents" and PosthornEventType="${type}" and ExecutionStatus="Completed"`;
  return until('its dispatch', async () => (await idsOf(query))[0]);
}

describe("Temporal's list", () => {
  it('finds deliveries by status, tenant, endpoint and event type', async () => {
    const [retrying, dead, succeeded, cancelled] = await Promise.all([
      stage.send({ until: 'retrying', answer: [500] }),
      stage.send(deadLetter),
      stage.send({ until: 'succeeded' }),
      stage.send({ until: 'retrying', answer: [500] }),
    ]);
    await cancelled.command('cancel');
    const states: [Sent, string][] = [
      [retrying, 'retrying'],
      [dead, 'dead_lettered'],
      [succeeded, 'succeeded'],
      [cancelled, 'cancelled'],
    ];
    for (const [sent, status] of states) await listed(`PosthornStatus="${status}"`, `delivery/${sent.id}`);
    expect(await idsOf('PosthornStatus="dead_lettered"')).toEqual([`delivery/${dead.id}`]);
    expect(await idsOf(`PosthornTenant="${stage.tenant}" and WorkflowType="deliver"`)).toHaveLength(4);
    expect(await idsOf(`PosthornTenant="${stage.tenant}" and WorkflowType="dispatchEvents"`)).toEqual([]);
    expect(await idsOf(`PosthornEndpoint="${dead.endpoint.id}"`)).toEqual([`delivery/${dead.id}`]);
    expect(await idsOf(`PosthornEventType="${dead.type}"`)).toEqual([`delivery/${dead.id}`]);
    expect(await idsOf('PosthornTenant="nobody"')).toEqual([]);
  });

  it('finds as held only what is held now, and as dead letters only those that wait', async () => {
    const [paused, expiring] = await Promise.all([stage.send(deadLetter), stage.send(deadLetter)]);
    for (const { id } of [paused, expiring]) await listed('PosthornStatus="dead_lettered"', `delivery/${id}`);
    await stage.posthorn.post(`/v1/endpoints/${paused.endpoint.id}/pause`);
    await paused.command('replay');
    expect(await paused.closed()).toBe('held');
    const ofPaused = `PosthornEndpoint="${paused.endpoint.id}"`;
    const held = `${ofPaused} and PosthornStatus="held"`;
    await listed(held, `lane/${paused.endpoint.id}`);
    await until('its workflow in the list without a status', async () => !(await idsOf(held)).includes(`delivery/${paused.id}`));
    paused.answer([204]);
    await stage.posthorn.post(`/v1/endpoints/${paused.endpoint.id}/resume`);
    await paused.reach('succeeded');
    await until('an empty list', async () => (await idsOf(held)).length === 0);

    await expiring.handle.terminate();
    const about = {
      round: 1,
      tenant: stage.tenant,
      endpointId: expiring.endpoint.id,
      endpointHost: 'example.com',
      eventType: expiring.type,
    };
    const start = deliveryStart({ deliveryId: expiring.id, status: 'dead_lettered', ...about }, 200, 'a test');
    const over = await stage.posthorn.temporal.workflow.start('deliver', { ...start, taskQueue: 'posthorn' });
    await expect(over.result()).rejects.toMatchObject({ cause: { type: 'DeadLetterExpired' } });
    expect((await over.describe()).typedSearchAttributes.get(statusAttribute)).toBeUndefined();
    const { currentDetails } = await over.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(/^\*\*Dead letter\*\*, closed .*API .*replay/);
    expect((await expiring.row()).status).toBe('dead_lettered');
  });

  it('keeps the status, and says the same in its details, when a dead letter continues as new', async () => {
    const sent = await stage.send(deadLetter);
    const detailsOf = async () => (await sent.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    const before = await until('a dead letter', async () => {
      const details = await detailsOf();
      return details.startsWith('**Dead letter**') && details;
    });
    const { runId } = await sent.handle.describe();
    await swell(sent.handle, 'unheardOf');
    await sent.handle.signal('look');
    await until('the next run', async () => (await sent.handle.describe()).runId !== runId);
    await until('the same details', async () => withoutTime(await detailsOf()) === withoutTime(before));
    const { typedSearchAttributes, memo } = await sent.handle.describe();
    expect(typedSearchAttributes.get(statusAttribute)).toBe('dead_lettered');
    expect(memo).toEqual({ host: new URL(stage.receiver.url).host });
    const continued = await stage.posthorn.temporal.workflow.getHandle(sent.handle.workflowId, runId).describe();
    expect(continued.typedSearchAttributes.get(statusAttribute)).toBeUndefined();
    await sent.handle.signal('cancel');
    expect(await sent.closed()).toBe('cancelled');
  });

  it('shows a summary and details for each workflow', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    const host = new URL(stage.receiver.url).host;
    const delivery = await sent.handle.describe();
    expect(await delivery.staticSummary()).toBe(`${sent.type} → ${host}`);
    const details = `Tenant ${stage.tenant}, endpoint ${sent.endpoint.id} at ${host}, started by dispatch dsp_`;
    expect((await delivery.staticDetails())?.startsWith(details)).toBe(true);
    const id = await dispatchToTwo('two.endpoints');
    const dispatch = await stage.posthorn.temporal.workflow.getHandle(id).describe();
    expect(await dispatch.staticSummary()).toBe(`two.endpoints of ${stage.tenant}`);
    const shown = await stage.posthorn.temporal.workflow.getHandle(id).query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toBe(
      `Done. Deliveries planned in this run: 2, workflows started: 2.\n\ntwo.endpoints of ${stage.tenant}.`,
    );
    const { deliveries } = await stage.posthorn.temporal.workflow.getHandle<() => Promise<{ deliveries: string[] }>>(id).result();
    expect(deliveries.map((name) => /^dlv_[0-9a-f]{32} [a-z_]+$/.test(name))).toEqual([true, true]);
    const operator = await stage.posthorn.temporal.workflow.getHandle('posthorn/operator').describe();
    expect(await operator.staticDetails()).toContain('retryNow');
  });

  it('shows the attempt, the reason and the next time of a waiting delivery', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [503], retry: { schedule: ['50ms', '1h'] } });
    const waiting = await until('an hour of waiting', async () => {
      const [activity] = (await sent.handle.describe()).raw.pendingActivities ?? [];
      return Number(activity?.scheduledTime?.seconds) * 1_000 > Date.now() + 40 * 60_000 && activity;
    });
    expect(waiting.lastFailure?.applicationFailureInfo?.type).toBe('http_status');
    expect(waiting.lastFailure?.message).toMatch(/^HTTP 503 from 127\.0\.0\.1:\d+, \d+ ms$/);
    expect(await sent.handle.query('status')).toMatchObject({ status: 'retrying', attempts: 1, lastOutcome: 'http_status' });
  });
});

describe('a history', () => {
  it('contains no payload, header, path, query, secret or response', async () => {
    const canary = (of: string) => `canary-${of}-7f3a`;
    const closed = 'http://127.0.0.1:9';
    const tail = `/${canary('path')}?q=${canary('query')}`;
    const secret = Buffer.from(canary('secret-of-32-bytes-in-all').padEnd(32, '.'));
    const scenes = [
      { until: 'succeeded', retry: { schedule: ['1h'] } },
      { until: 'dead_lettered', retry: { schedule: ['50ms'] }, url: closed + tail },
      { until: 'dead_lettered', retry: { schedule: ['50ms'] }, statuses: 302 },
      { until: 'dead_lettered', retry: { schedule: ['50ms'] }, statuses: 500 },
    ];
    const sent = await Promise.all(
      scenes.map(({ until: status, retry, url, statuses = 200 }, index) => {
        const path = `${tail}&n=${index}`;
        stage.receiver.answer(path, (_request, response) => {
          response.writeHead(statuses, canary('reason'), { location: `/${canary('location')}`, 'x-answer': canary('answer-header') });
          response.end(canary('answer-body'));
        });
        return stage.send({
          until: status,
          retry,
          endpoint: {
            url: url ?? stage.receiver.url + path,
            headers: { 'x-canary': canary('header') },
            description: canary('description'),
            metadata: { note: canary('metadata') },
            secret: `whsec_${secret.toString('base64')}`,
          },
          event: {
            id: `${canary('event-id')}-${index}`,
            data: { body: canary('body') },
            channels: [],
            orderingKey: canary('ordering-key'),
          },
        });
      }),
    );
    await sent[0]?.command('replay');
    await Promise.all(sent.slice(1).map((dead) => dead.handle.signal('cancel')));
    await Promise.all(sent.map((each) => each.closed()));
    expect(JSON.stringify(stage.receiver.requests.at(-1))).toContain(canary('header'));

    await dispatchToTwo('canaries.two', { body: canary('body') });

    const texts = new Map<string, string>();
    for (const workflowId of await idsOf('')) {
      const handle = stage.posthorn.temporal.workflow.getHandle(workflowId);
      texts.set(workflowId, textOf([await handle.fetchHistory(), (await handle.describe()).raw]));
    }
    for (const kind of ['dispatch/', 'delivery/', 'posthorn/operator'])
      expect([...texts.keys()].some((id) => id.startsWith(kind))).toBe(true);
    for (const each of sent) expect(texts.get(`delivery/${each.id}`)).toContain(each.type);
    for (const [workflowId, text] of texts) expect(text, workflowId).not.toMatch(/canary/i);
    for (const text of texts.values()) expect(text).not.toContain(secret.toString('base64').slice(0, 16));
  });
});

/** All text in the value, including the bytes of payloads. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textOf).join('\n');
}
