// The activity that obeys a batch of the operator, on a real Temporal: what succeeded is not done
// again when another order of the batch fails, and an order that always fails blocks nobody.
import { defineUpdate } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createObeyOrders } from '#activities/obey-orders';
import { type CommandAnswer, namesOf } from '#contract/workflow-contract';
import type { Audit } from '#db/audit/audit';
import { newId } from '#runtime/new-id';
import { type LaneStage, setLaneStage } from '../support/scripted-lane.ts';
import { until } from '../support/until.ts';

/** Calls by subject: `cancel`, `pause`, `skip`, each with the `once` of its audit entry. */
const calls = new Map<string, string[]>();
/** How often a call of this subject fails. */
const failures = new Map<string, number>();
let order: string[] = [];

async function called(subject: string, what: string, audit: Audit | undefined): Promise<void> {
  calls.set(subject, [...(calls.get(subject) ?? []), `${what} ${audit?.once}`]);
  order.push(`${what} ${subject}`);
  const left = failures.get(subject) ?? 0;
  failures.set(subject, left - 1);
  if (left > 0) throw new Error('the request was refused');
}

let stage: LaneStage;
beforeAll(async () => {
  const endpointId = newId('ep');
  const obeyOrders = createObeyOrders({
    async giveCommand(deliveryId, command, audit) {
      await called(deliveryId, command.kind, audit);
      return { obeyed: true, status: 'cancelled', endpointId, unblocks: false, obstacle: null, toldRelays: false };
    },
    async setGate(id, gate, audit) {
      await called(id, gate, audit);
      return true;
    },
    async skipHead(id, _key, audit) {
      await called(id, 'skip', audit);
      return newId('dlv');
    },
  });
  stage = await setLaneStage('t10', { obeyOrders });
  await until('the operator', () => operator().describe());
});
afterAll(() => stage?.close());

const operator = () => stage.client.workflow.getHandle(namesOf('posthorn').operatorWorkflowId);
const ask = (name: string, input: object) => operator().executeUpdate(defineUpdate<CommandAnswer, [object]>(name), { args: [input] });

/** Gives all of them at once, so that one batch takes them. */
async function inOneBatch<T>(give: () => Promise<T>[]): Promise<T[]> {
  await stage.stopWorkers();
  const given = give();
  await until('all to be there', async () => (await operator().describe()).raw.pendingWorkflowTask);
  await stage.startWorkers();
  return Promise.all(given);
}

it('a skipHead whose batch fails is called once, and each call has its own `once`', async () => {
  const [ordered, failing, other] = [newId('ep'), newId('ep'), newId('dlv')];
  failures.set(failing, 2);
  const answers = await inOneBatch(() => [
    ask('skipHead', { endpointId: ordered }),
    ask('pause', { endpointId: failing }),
    ask('cancel', { deliveryId: other }),
  ]);
  expect(answers).toEqual([
    { obeyed: true, status: 'skipped', deliveryId: expect.stringMatching(/^dlv_/) },
    { obeyed: true, status: 'paused' },
    { obeyed: true, status: 'cancelled' },
  ]);
  expect(calls.get(ordered)).toHaveLength(1);
  expect(calls.get(failing)).toHaveLength(3);
  expect(new Set(calls.get(failing)).size).toBe(1);
  const onces = [ordered, failing, other].map((subject) => calls.get(subject)?.[0]?.split(' ')[1]);
  expect(new Set(onces).size).toBe(3);
});

it('an order that always fails is answered so, and the others are obeyed', async () => {
  const [failing, other] = [newId('dlv'), newId('dlv')];
  failures.set(failing, 1_000);
  const [failed, obeyed] = await Promise.all([ask('cancel', { deliveryId: failing }), ask('cancel', { deliveryId: other })]);
  expect(failed).toEqual({ obeyed: false, reason: expect.stringContaining('internal error') });
  expect(obeyed).toMatchObject({ obeyed: true });
  expect(await ask('cancel', { deliveryId: other })).toMatchObject({ obeyed: true });
});

it('keeps the order of one subject, and of endpoints among deliveries', async () => {
  const [endpoint, one, other] = [newId('ep'), newId('dlv'), newId('dlv')];
  order = [];
  await stage.stopWorkers();
  for (const [name, input] of [
    ['cancel', { deliveryId: one }],
    ['retryNow', { deliveryId: one }],
    ['pause', { endpointId: endpoint }],
    ['replay', { deliveryId: other }],
    ['resume', { endpointId: endpoint }],
  ] as const)
    await operator().signal(name, input);
  await stage.startWorkers();
  await until('all orders', () => order.length === 5);
  expect(order).toEqual([`cancel ${one}`, `retry-now ${one}`, `pause ${endpoint}`, `replay ${other}`, `resume ${endpoint}`]);
});
