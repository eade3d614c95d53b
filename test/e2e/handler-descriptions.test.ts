// What the Web UI shows of a workflow besides its history: a description of every signal, Update and
// query, and current details.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t06');
});
afterAll(() => stage?.close());

interface Metadata {
  definition: Record<'queryDefinitions' | 'signalDefinitions' | 'updateDefinitions', { name: string; description?: string }[]>;
  currentDetails: string;
}

const metadataOf = (workflowId: string) =>
  stage.posthorn.temporal.workflow.getHandle(workflowId).query<Metadata>('__temporal_workflow_metadata');

/** Names of the signals and Updates, after a check that all handlers of Posthorn have a description. */
function commandsOf({ definition: { queryDefinitions, signalDefinitions, updateDefinitions } }: Metadata) {
  const own = [...queryDefinitions, ...signalDefinitions, ...updateDefinitions].filter(({ name }) => !name.startsWith('__'));
  expect(own.filter(({ description = '' }) => description.length < 20)).toEqual([]);
  const names = (definitions: { name: string }[]) => definitions.map(({ name }) => name).sort();
  return { signals: names(signalDefinitions), updates: names(updateDefinitions) };
}

it('a dead letter names tenant, endpoint, host and last outcome, and what it waits for', async () => {
  const sent = await stage.send({
    until: 'dead_lettered',
    answer: [500],
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
  });
  const metadata = await until('its details', async () => {
    const found = await metadataOf(`delivery/${sent.id}`);
    return found.currentDetails.includes('Dead letter') ? found : null;
  });
  expect(commandsOf(metadata)).toEqual({ signals: ['cancel', 'look', 'replay', 'retryNow'], updates: ['cancel', 'replay', 'retryNow'] });
  const [first, , place] = metadata.currentDetails.split('\n');
  expect(first).toMatch(/^\*\*Dead letter\*\*\. .*`replay` .*`cancel`\. Open until 20\d\d-\d\d-\d\dT\d\d:\d\dZ\.$/);
  expect(place).toMatch(/^Tenant \S+, endpoint ep_\w+ at 127\.0\.0\.1:?\d*, event type \S+\. After 1 attempt: http_status\.$/);
});

it('every command of the operator has a description', async () => {
  const commands = ['cancel', 'pause', 'replay', 'resume', 'retryNow', 'skipHead'];
  expect(commandsOf(await metadataOf('posthorn/operator'))).toEqual({ signals: commands, updates: commands });
});
