// Posthorn in a namespace that nobody has prepared registers its search attributes, and then finds deliveries by them.
import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect, inject, it } from 'vitest';
import { searchAttributes } from '#contract/workflow-contract';
import { startPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

it('registers its search attributes in a new namespace, and deliveries are found by them', async ({ onTestFinished }) => {
  const namespace = `new-${randomBytes(4).toString('hex')}`;
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  onTestFinished(() => connection.close());
  const { workflowService, operatorService } = connection;
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  await until('the namespace', () => workflowService.countWorkflowExecutions({ namespace }));
  const [posthorn, receiver] = await Promise.all([startPosthorn({ namespace }), startReceiver()]);
  onTestFinished(async () => {
    await posthorn.stop();
    await receiver.close();
  });
  await until('the attributes', async () => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return searchAttributes.every(({ name }) => customAttributes?.[name] !== undefined);
  });

  const tenant = await posthorn.makeTenant();
  const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
  const query = `PosthornTenant='${tenant}' and PosthornEndpoint='${endpoint.id}' and PosthornEventType='order.created' and PosthornStatus='succeeded'`;
  const ids: string[] = [];
  // Temporal may take some seconds to know new attributes. Until then, Posthorn starts workflows without them.
  await until('a delivery in the list', async () => {
    ids.push(await posthorn.postEvent(tenant, { type: 'order.created' }));
    await until('its request', () => receiver.of(ids.at(-1) ?? '').length > 0);
    return Number((await workflowService.countWorkflowExecutions({ namespace, query })).count) > 0;
  });
  await until('each to be delivered once', async () => {
    const rows = await Promise.all(ids.map((id) => posthorn.deliveriesOf(tenant, id)));
    return rows.flat().every(({ status }) => status === 'succeeded');
  });
  expect(ids.map((id) => receiver.of(id).length)).toEqual(ids.map(() => 1));
});
