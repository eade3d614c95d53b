// Temporal answers, and refuses: an expired API key, a closed OperatorService, missing search attributes. Deliveries go
// on, and probes, metrics and the log say so in Temporal's own words.
import { Client, Connection } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { startTemporal } from '#embedded/temporal';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { type Rule, startTemporalProxy } from '../support/temporal-proxy.ts';
import { until } from '../support/until.ts';

const unauthenticated = { code: 16, message: 'API key expired' };
const denied = { code: 7, message: 'Request unauthorized.' };

/** A Posthorn in adaptive mode whose Temporal follows this rule. */
async function stage(namespace: string, rule: Rule, { more = {}, temporalAddress = inject('temporalAddress') } = {}) {
  const proxy = await startTemporalProxy(temporalAddress);
  const lines: string[] = [];
  proxy.refuse(rule);
  const posthorn = await startPosthorn({
    namespace,
    env: { TEMPORAL_ADDRESS: proxy.address, POSTHORN_DISPATCH: 'adaptive', ...more },
    logTo: { write: (line) => void lines.push(line) },
  });
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
  return {
    proxy,
    posthorn,
    receiver,
    log: () => lines.join(''),
    async post(ids: string[]) {
      for (const id of ids) {
        const { status } = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: { id }, id });
        expect(status).toBe(202);
      }
      await until('each to be delivered', () => ids.every((id) => receiver.of(id).length > 0));
      return ids.map((id) => receiver.of(id).length);
    },
    /** The types of the open workflows. */
    async open(address: string): Promise<string[]> {
      const connection = await Connection.connect({ address });
      const types: string[] = [];
      for await (const { type } of new Client({ connection, namespace }).workflow.list({ query: `ExecutionStatus = 'Running'` }))
        types.push(type);
      await connection.close();
      return types;
    },
    async close() {
      await posthorn.stop();
      await Promise.all([proxy.close(), receiver.close()]);
    },
  };
}

const readiness = async (posthorn: TestPosthorn) => (await posthorn.get('/readyz')).body;

describe.concurrent('Temporal refuses', () => {
  it('every call, because the API key expired: all are delivered, and delivered individually when it is renewed', async ({
    onTestFinished,
  }) => {
    const at = await stage('t65', () => null);
    onTestFinished(at.close);
    expect(await at.post(['before'])).toEqual([1]);
    at.proxy.refuse(() => unauthenticated);
    expect(await at.post(['r1', 'r2', 'r3', 'r4', 'r5'])).toEqual([1, 1, 1, 1, 1]);
    expect(await readiness(at.posthorn)).toMatchObject({
      status: 'degraded',
      temporal: 'away',
      temporalError: 'UNAUTHENTICATED: API key expired',
    });
    const { body: metrics } = await at.posthorn.get('/metrics');
    expect(metrics).toContain('posthorn_temporal_away 1');
    expect(at.log()).toContain('UNAUTHENTICATED: API key expired');
    at.proxy.refuse(() => null);
    await until(
      'Temporal to be found again',
      async () => (await at.post([`back${at.receiver.requests.length}`])) && (await readiness(at.posthorn)).status === 'ok',
    );
  });

  it('to start workflows only: all are delivered, and other processes say so, too', async ({ onTestFinished }) => {
    const at = await stage('t66', (method) => (method === 'WorkflowService/StartWorkflowExecution' ? denied : null));
    onTestFinished(at.close);
    expect(await at.post(['r1', 'r2', 'r3', 'r4', 'r5'])).toEqual([1, 1, 1, 1, 1]);
    await until(
      'the readiness to say so',
      async () => (await readiness(at.posthorn)).temporalError === 'PERMISSION_DENIED: Request unauthorized.',
    );
    const { body } = await at.posthorn.get('/v1/status');
    expect(body.relays[0].temporalError).toBe('PERMISSION_DENIED: Request unauthorized.');
  });

  it('the whole OperatorService, as hosted Temporal does: workers start, and deliveries are made', async ({ onTestFinished }) => {
    const at = await stage('t71', (method) => (method.startsWith('OperatorService/') ? denied : null), {
      more: { POSTHORN_DISPATCH: 'individual' },
    });
    onTestFinished(at.close);
    expect(await at.post(['r1', 'r2', 'r3', 'r4', 'r5'])).toEqual([1, 1, 1, 1, 1]);
    await until('readiness', async () => (await readiness(at.posthorn)).status === 'ok');
    expect(await readiness(at.posthorn)).toMatchObject({ temporal: 'up' });
    // the WorkflowService says that the attributes exist
    expect(at.log()).not.toContain('search attributes');
  });

  it('our search attributes, because nobody registered them: deliveries are made without', async ({ onTestFinished }) => {
    const own = await startTemporal({ searchAttributes: {} });
    onTestFinished(own.stop);
    const at = await stage('default', (method) => (method === 'OperatorService/AddSearchAttributes' ? denied : null), {
      temporalAddress: own.address,
      more: { POSTHORN_DISPATCH: 'individual' },
    });
    onTestFinished(at.close);
    expect(await at.post(['r1', 'r2'])).toEqual([1, 1]);
    await until('their workflows to close', async () => (await at.open(own.address)).length === 1);
    expect(await at.open(own.address)).toEqual(['operator']);
    expect(at.log()).toContain('temporal operator search-attribute create --namespace default --name PosthornTenant --type Keyword');
    await until('the readiness to be ok', async () => (await readiness(at.posthorn)).status === 'ok');
  });
});
