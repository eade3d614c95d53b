// The walk of one event, measured: V8's coverage of a running Posthorn says which functions an event enters in batched
// mode, in individual mode, and when its first attempt is refused. "Follow one event" in CONTRIBUTING.md is compared with it.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testEnv } from '../support/posthorn.ts';
import { createProcessGroup, type PosthornProcess } from '../support/posthorn-process.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type EnteredFunction, linesByFile, openProfiler, type Profiler, without } from '../support/walk.ts';

const processes = createProcessGroup();
let receiver: Receiver;
let databases: TestDatabase[];

beforeAll(async () => {
  receiver = await startReceiver();
  databases = [];
});
afterAll(async () => {
  await processes.end(false);
  await receiver?.close();
  for (const database of databases) await database.drop();
});

interface Walk {
  entered: EnteredFunction[];
}

/** Sends one event to an endpoint that answers with these codes, and returns what it entered until it was delivered. */
async function walk(dispatch: 'individual' | 'batched', answers: number[], namespace: string): Promise<Walk> {
  const database = await createTestDatabase();
  databases.push(database);
  const env = { ...testEnv(database, namespace), POSTHORN_DISPATCH: dispatch, TEMPORAL_ADDRESS: inject('temporalAddress'), PATH: process.env.PATH ?? '' };
  const posthorn = await processes.start({ env, nodeArgs: ['--inspect=127.0.0.1:0'] });
  const profiler = await openProfiler(posthorn.log());
  try {
    const tenant = await posthorn.makeTenant();
    receiver.answer('/walk', [...answers]);
    await posthorn.makeEndpoint(tenant, `${receiver.url}/walk`);
    const known = await deliver(posthorn, tenant); // what is loaded or cached on first use is not the way of every event
    receiver.answer('/walk', [...answers]);
    const idle = await idleFunctions(profiler, () => posthorn.deliveriesOf(tenant, known));
    await deliver(posthorn, tenant);
    return { entered: without(await profiler.take(), idle) };
  } finally {
    profiler.close();
    await posthorn.kill();
  }
}

async function deliver(posthorn: PosthornProcess, tenant: string): Promise<string> {
  const eventId = await posthorn.postEvent(tenant);
  await until('the delivery', async () => (await posthorn.deliveriesOf(tenant, eventId))[0]?.status === 'succeeded');
  return eventId;
}

/** The functions entered while nothing happens but reads, during a whole sweep. */
async function idleFunctions(profiler: Profiler, read: () => Promise<unknown>): Promise<EnteredFunction[]> {
  await profiler.take();
  const idle: EnteredFunction[] = [];
  await until('a sweep', async () => {
    await read();
    idle.push(...(await profiler.take()));
    return idle.some(({ name }) => name === 'overdueLanes');
  });
  return idle;
}

it.each<[string, 'individual' | 'batched', number[], string]>([
  ['batched', 'batched', [200], 't60'],
  ['individual', 'individual', [200], 't60'],
  ['failing', 'batched', [500, 200], 't60'],
])('%s', async (name, dispatch, answers, namespace) => {
  const { entered } = await walk(dispatch, answers, namespace);
  const lines = linesByFile(entered);
  const sum = [...lines.values()].reduce((all, count) => all + count, 0);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`/tmp/brief2/walk-${name}.txt`, `${lines.size} files, ${sum} lines\n${[...lines].toSorted((a, b) => b[1] - a[1]).map(([file, count]) => `${count} ${file}: ${entered.filter((one) => one.file === file).map((one) => `${one.name}(${one.to - one.from + 1})`).join(' ')}`).join('\n')}\n`);
  expect(lines.size).toBeGreaterThan(5);
});
