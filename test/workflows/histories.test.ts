// Recorded histories of earlier versions must replay with the current workflow code without a
// determinism error.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { loadWorkflowBundle } from '#app/workflow-bundle';
import { previousBuild } from '../support/previous-build.ts';
import { readHistory } from '../support/recorded-history.ts';
import { installTestRuntime } from '../support/runtime.ts';

const folder = join(import.meta.dirname, '..', 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

it('there is a recorded history for each workflow', () => {
  const kinds = new Set(files.map((file) => file.replace(/(-.*)?\.json$/, '')));
  expect([...kinds].sort()).toEqual(['deliver', 'dispatch', 'lane', 'operator', 'replay', 'rotate', 'upkeep', 'verify']);
});

installTestRuntime();

it.each(['off', 'on'])('every recorded history replays with traces %s', async (traces) => {
  const histories = files.map((file) => ({ workflowId: file, history: readHistory(file) }));
  const failed: string[] = [];
  const replayed: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: await loadWorkflowBundle(traces === 'on') },
    histories,
  )) {
    replayed.push(workflowId);
    if (error) failed.push(`${workflowId}: ${error.message}`);
  }
  expect(failed).toEqual([]);
  expect(replayed.sort()).toEqual(files.toSorted());
});

it('the histories name no machine and are small', () => {
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text.length, file).toBeLessThan(150_000);
    expect(text, file).not.toMatch(/"(identity|stackTrace)": "[^"]|file:\/\/|node_modules/);
  }
});

it('the recorded code of the previous build names its commit and no machine, and is small', () => {
  const { code } = previousBuild().workflowBundle as { code: string };
  expect(code).toMatch(/^\/\/ commit [0-9a-f]{40}\n/);
  expect(code).not.toMatch(/file:\/\/|node_modules|\/src\/workflows/);
  expect(statSync(join(folder, '../previous-build/workflows.js.gz')).size).toBeLessThan(150_000);
});
