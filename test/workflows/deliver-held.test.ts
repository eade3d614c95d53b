// A delivery that becomes held: its own workflow closes, because the lane sends it. The closed
// workflow is not listed as held.
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index';
import { type DeliverState, statusAttribute } from '#contract/workflow-contract';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { newId } from '#runtime/new-id';
import { deliveryStart } from '#temporal/starter';
import { type LaneStage, setLaneStage } from '../support/scripted-lane.ts';
import { until } from '../support/until.ts';

/** Status of the row, by delivery id. */
const rows = new Map<string, DeliveryStatus>();
const stateOf = async ({ deliveryId }: { deliveryId: string }): Promise<DeliverState> => ({
  status: rows.get(deliveryId) ?? 'expired',
  round: 1,
  attempts: 1,
  nextAttemptAt: null,
  lastOutcome: 'refused',
});

let stage: LaneStage;
beforeAll(async () => {
  const activities = {
    attemptDelivery: stateOf,
    // as for an endpoint with a lane
    readDelivery: stateOf,
    obeyDeliveryCommand: async ({ deliveryId, command }: { deliveryId: string; command: { kind: string } }) => {
      if (command.kind === 'replay') rows.set(deliveryId, 'held');
      return { state: await stateOf({ deliveryId }), answer: { obeyed: true, status: rows.get(deliveryId) } };
    },
  };
  stage = await setLaneStage('t56', activities as Partial<Activities>);
});
afterAll(() => stage?.close());

async function deadLetter(): Promise<{ id: string; handle: WorkflowHandle }> {
  const id = newId('dlv');
  rows.set(id, 'dead_lettered');
  const about = { round: 1, tenant: 'a-tenant', endpointId: newId('ep'), endpointHost: 'example.com', eventType: 'a.type' };
  const start = deliveryStart({ deliveryId: id, status: 'pending', ...about }, 60_000, 'a test');
  const handle = await stage.client.workflow.start('deliver', { ...start, taskQueue: 'posthorn' });
  await until('the dead letter', async () => (await handle.query<DeliverState>('status')).status === 'dead_lettered');
  return { id, handle };
}

async function expectHeld(handle: WorkflowHandle): Promise<void> {
  expect(await handle.result()).toBe('held');
  const { status, typedSearchAttributes } = await handle.describe();
  expect(status.name).toBe('COMPLETED');
  expect(typedSearchAttributes.get(statusAttribute)).toBeUndefined();
}

describe.concurrent('the workflow of a dead letter closes', () => {
  it('when its replay is parked', async () => {
    const { handle } = await deadLetter();
    await handle.signal('replay', { replayId: 'again' });
    await expectHeld(handle);
  });

  it('when a look signal finds a row that was replayed into the lane', async () => {
    const { id, handle } = await deadLetter();
    rows.set(id, 'held');
    await handle.signal('look');
    await expectHeld(handle);
  });

  it('when a look signal and retry-now arrive at the same time', async () => {
    const { id, handle } = await deadLetter();
    rows.set(id, 'held');
    await Promise.all([handle.signal('retryNow'), handle.signal('look')]);
    await expectHeld(handle);
  });
});
