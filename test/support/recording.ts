// Shared by the recordings: the stage, and functions that store the histories of its workflows.
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, inject } from 'vitest';
import { type Stage, setStage } from '../e2e/stage.ts';
import { keepHistory } from './recorded-history.ts';
import { until } from './until.ts';

export const inBackoff = { until: 'retrying', answer: [500, 204] };
export const deadLetter = { until: 'dead_lettered', answer: [500, 500, 204], retry: { schedule: ['50ms'] } };

export interface Recording {
  stage: Stage;
  keep(name: string, workflow: Pick<WorkflowHandle, 'workflowId'>, runId?: string): Promise<void>;
  /** Waits until the workflow has continued as new, then stores the run `runId`. */
  keepContinued(name: string, handle: WorkflowHandle, runId: string): Promise<void>;
}

/** Sets up a recording for one file: starts before its first test, ends after its last. */
export function record(namespace: string): Recording {
  const recording: Partial<Recording> = {
    keep: (name, { workflowId }, runId) => keepHistory(name, { address: inject('temporalAddress'), namespace, workflowId, runId }),
    async keepContinued(name, handle, runId) {
      await until('the next run', async () => (await handle.describe()).runId !== runId);
      await recording.keep?.(name, handle, runId);
    },
  };
  beforeAll(async () => {
    recording.stage = await setStage(namespace, { LOG_LEVEL: 'fatal' });
  });
  afterAll(() => recording.stage?.close());
  return recording as Recording;
}
