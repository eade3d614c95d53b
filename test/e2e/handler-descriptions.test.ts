// What the Web UI shows of a workflow besides its history: a description of every signal and query,
// and current details.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t06');
});
afterAll(() => stage?.close());

interface Metadata {
  definition: Record<'queryDefinitions' | 'signalDefinitions', { name: string; description?: string }[]>;
  currentDetails: string;
}

const metadataOf = (workflowId: string) =>
  stage.posthorn.temporal.workflow.getHandle(workflowId).query<Metadata>('__temporal_workflow_metadata');

/** Names of the signals, after a check that all handlers of Posthorn have a description. */
function signalsOf({ definition: { queryDefinitions, signalDefinitions } }: Metadata): string[] {
  const own = [...queryDefinitions, ...signalDefinitions].filter(({ name }) => !name.startsWith('__'));
  expect(own.filter(({ description = '' }) => description.length < 20)).toEqual([]);
  return signalDefinitions.map(({ name }) => name).sort();
}

it('a dead letter names tenant, endpoint, host and last outcome, and what it waits for', async () => {
  const sent = await stage.send({
    until: 'dead_lettered',
    answer: [500],
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
  });
  const metadata = await until('its details', async () => {
    const found = await metadataOf(`delivery/${sent.id}`);
    return found.currentDetails.includes('dead_lettered') ? found : null;
  });
  expect(signalsOf(metadata)).toEqual(['cancel', 'look', 'replay', 'retryNow']);
  expect(metadata.currentDetails).toMatch(/^Tenant \S+, endpoint ep_\w+ at 127\.0\.0\.1:?\d*, event type \S+\.\n\n\*\*dead_lettered\*\*; /);
  expect(metadata.currentDetails).toMatch(/after 1 attempt: http_status\. .*signal `replay`/);
});

it('every signal of the operator has a description', async () => {
  const signals = signalsOf(await metadataOf('posthorn/operator'));
  expect(signals).toEqual(['cancel', 'pause', 'replay', 'resume', 'retryNow', 'skipHead']);
});
