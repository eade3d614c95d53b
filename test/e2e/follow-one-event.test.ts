// CONTRIBUTING's "Follow one event" is correct: a traced event runs code in each listed file, and the
// listed workflows appear in Temporal.
import { Session } from 'node:inspector/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliveryWorkflowId } from '#contract/workflow-contract';
import { stopsOfOneEvent } from '../docs/stops.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t60');
});
afterAll(() => stage?.close());

/** The files of `src` in which a function ran during `act`. */
async function entered(act: () => Promise<unknown>): Promise<Set<string>> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await session.post('Profiler.takePreciseCoverage');
    await act();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    // the function without a name is the module itself
    const ran = result.filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    );
    return new Set(ran.map(({ url }) => url.replace('file://', '')));
  } finally {
    session.disconnect();
  }
}

it('lists the files that a traced event enters', async () => {
  const [workflows, others] = [true, false].map((are) => stopsOfOneEvent.filter((file) => file.startsWith('src/workflows/') === are));
  const files = await entered(async () => {
    const sent = await stage.send({ until: 'succeeded' });
    expect(await sent.closed()).toBe('succeeded');
    const types = await Promise.all(
      [deliveryWorkflowId(sent.id), await dispatchOf(sent.type)].map(
        async (id) => (await stage.posthorn.temporal.workflow.getHandle(id).describe()).type,
      ),
    );
    // a workflow's file has the workflow's name
    expect(workflows?.map((file) => camelCased(file.replace(/^src\/workflows\/|\.ts$/g, '')))).toEqual(types.toReversed());
  });
  expect(others?.filter((file) => !files.has(resolve(file)))).toEqual([]);
  // a file that the event does not enter is not found
  expect(files.has(resolve('src/lanes/drain.ts'))).toBe(false);
});

async function dispatchOf(type: string): Promise<string> {
  const { rows } = await stage.posthorn.database.db.query<{ id: string }>(
    `select 'dispatch/dsp_' || replace(x.id::text, '-', '') as id from dispatches x join events e on e.id = any(x.event_ids) where e.type = $1`,
    [type],
  );
  return rows[0]?.id ?? '';
}

const camelCased = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
