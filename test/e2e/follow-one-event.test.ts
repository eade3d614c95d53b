// The walk of one event, measured: V8's coverage of a running Posthorn says which functions an event enters in batched
// mode, in individual mode, and when its first attempt is refused. "Follow one event" in CONTRIBUTING.md is compared with it.
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testEnv } from '../support/posthorn.ts';
import { createProcessGroup, type PosthornProcess } from '../support/posthorn-process.ts';
import { quickAlerts, testTimings } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type EnteredFunction, linesByFile, openProfiler, type Profiler, without } from '../support/walk.ts';

/** From so many lines on, a function that an event enters has to be a stop. */
const longLines = 30;
const maxStops = 12;
const maxStopLines = 120;

/** Each walk waits for a sweep and for the checks behind alerts. */
const oftenSwept = { ...testTimings, sweep: { ...testTimings.sweep, everyMs: 1_000 }, alerts: quickAlerts.alerts };
const namespace = 't60';
const processes = createProcessGroup();
const databases: TestDatabase[] = [];
let receiver: Receiver;
let connection: Connection;

beforeAll(async () => {
  [receiver, connection] = await Promise.all([startReceiver(), Connection.connect({ address: inject('temporalAddress') })]);
});
afterAll(async () => {
  await processes.end(false);
  await connection?.close();
  await receiver?.close();
  for (const database of databases) await database.drop();
});

interface Stop {
  file: string;
  /** As V8 names it. A workflow's function runs in Temporal's sandbox, where V8's coverage does not see it. */
  name: string;
}

/** The stops below this heading of "Follow one event". */
function stopsBelow(heading: string): Stop[] {
  const [, section = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split(`### ${heading}\n`);
  const [list = ''] = section.split(/^##/m);
  return [...list.matchAll(/^\d+\. `(src\/[^`]+)`, `([^`]+)`/gm)].map(([, file = '', name = '']) => ({ file, name }));
}

const batchedStops = stopsBelow('Accepted at its first attempt');
const failingStops = stopsBelow('Refused at its first attempt');
const inWorkflow = ({ file }: Stop) => file.startsWith('src/workflows/');

type Dispatch = 'individual' | 'batched';
type IsOver = (entered: EnteredFunction[]) => boolean;

interface Size {
  files: number;
  lines: number;
}

const [fewestWalks, mostEvents] = [3, 20];

/**
 * Sends events to an endpoint that answers with these codes, and returns what each of them entered until it was delivered. What runs
 * now and then may run during one event and, on a busy machine, during each of three: events are sent until what is left keeps to the
 * limits. It can only become less, and what is the way of an event stays. There, an event may also go another way than past the stops,
 * and those to its endpoint after it; it does not count.
 */
async function walk(dispatch: Dispatch, answers: number[], stops: Stop[], isOver: IsOver): Promise<EnteredFunction[]> {
  const database = await createTestDatabase();
  databases.push(database);
  const env = { ...testEnv(database, namespace), POSTHORN_DISPATCH: dispatch, PATH: process.env.PATH ?? '' };
  const posthorn = await processes.start({ env, timings: oftenSwept, fromSources: true, nodeArgs: ['--inspect=127.0.0.1:0'] });
  const profiler = await openProfiler(posthorn.log());
  try {
    const deliver = deliveries(posthorn, database, answers);
    let { tenant, known } = await begin(posthorn, deliver);
    const idle = await idleFunctions(profiler, () => posthorn.deliveriesOf(tenant, known));
    let [all, walks]: [EnteredFunction[], number] = [[], 0];
    for (let sent = 0; sent < mostEvents && (walks < fewestWalks || isOver(all)); sent++) {
      await profiler.take();
      const id = await deliver(tenant);
      const entered = without(await profiler.take(), idle).filter(({ file }) => !ofMetrics.includes(file));
      const isPastStops = missed(stops, entered).length === 0;
      if (isPastStops && answers.length > 1) await expectWorkflows(posthorn, tenant, id);
      if (walks === 0) all = entered;
      else if (isPastStops) all = inBoth(all, entered);
      if (isPastStops) walks += 1;
      else ({ tenant, known } = await begin(posthorn, deliver));
    }
    expect({ walks, missed: missed(stops, all) }).toEqual({ walks: expect.toSatisfy((count) => count >= fewestWalks), missed: [] });
    return all;
  } finally {
    profiler.close();
    await posthorn.kill();
  }
}

/** The SDK of Temporal tells its metrics several times a second, so during an event or, on a fast machine, only after it. */
const ofMetrics = ['src/telemetry/temporal-metrics.ts', 'src/temporal/poll-watch.ts', 'src/domain/poll-health.ts'];

type Deliver = (tenant: string) => Promise<string>;

/** A new endpoint with a first event, `known`: what is loaded or cached on first use is not the way of every event. */
async function begin(posthorn: PosthornProcess, deliver: Deliver): Promise<{ tenant: string; known: string }> {
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/walk`);
  return { tenant, known: await deliver(tenant) };
}

function missed(stops: Stop[], entered: EnteredFunction[]): Stop[] {
  const names = new Set(entered.map(nameOf));
  return stops.filter((stop) => !inWorkflow(stop) && !names.has(nameOf(stop)));
}

function inBoth(one: EnteredFunction[], other: EnteredFunction[]): EnteredFunction[] {
  const places = new Set(other.map(placeOf));
  return one.filter((entered) => places.has(placeOf(entered)));
}

function sizeOf(entered: EnteredFunction[]): Size & { large: number } {
  const counts = [...linesByFile(entered).values()];
  return {
    files: counts.length,
    lines: counts.reduce((all, count) => all + count, 0),
    large: counts.filter((count) => count >= 20).length,
  };
}

/** Sends an event of this tenant, and waits until it is delivered. The process is not asked: its answers are not the event's way. */
function deliveries(posthorn: PosthornProcess, { db }: TestDatabase, answers: number[]): Deliver {
  const succeeded = `select from deliveries d join events e on e.id = d.event_id where e.external_id = $1 and d.status = 'succeeded'`;
  return async (tenant) => {
    receiver.answer('/walk', [...answers]);
    const eventId = await posthorn.postEvent(tenant);
    await until('the delivery', async () => (await db.query(succeeded, [eventId])).rowCount === 1);
    return eventId;
  };
}

/** What runs now and then by itself. On a busy machine it may run during two events. */
const periodic = ['findSweepWork', 'readWatched', 'findChoreWork'];

/**
 * The functions entered while nothing happens but reads, which pass what every request does. At first they are also what the event before has left to do, and it is
 * not what happens by itself. Then for several sweeps, a second each: longer than an event takes, so that what is due more often
 * than that, and runs during each event, is among them.
 */
async function idleFunctions(profiler: Profiler, read: () => Promise<unknown>): Promise<EnteredFunction[]> {
  await sweepsPass(1, profiler, read);
  return sweepsPass(5, profiler, read);
}

/** The functions entered until each of the periodic ones was, and so many sweeps. */
async function sweepsPass(count: number, profiler: Profiler, read: () => Promise<unknown>): Promise<EnteredFunction[]> {
  await profiler.take();
  const entered: EnteredFunction[] = [];
  let sweeps = 0;
  await until('the sweeps', async () => {
    await read();
    const now = await profiler.take();
    entered.push(...now);
    if (now.some(({ name }) => name === 'findSweepWork')) sweeps += 1;
    return sweeps >= count && periodic.every((one) => entered.some(({ name }) => name === one));
  });
  return entered;
}

/** The workflows among the stops exist: a workflow's function and its type have the same name. */
async function expectWorkflows(posthorn: PosthornProcess, tenant: string, eventId: string): Promise<void> {
  const [delivery] = await posthorn.deliveriesOf(tenant, eventId);
  const { type } = await new Client({ connection, namespace }).workflow.getHandle(`delivery/${delivery?.id}`).describe();
  expect(failingStops.filter(inWorkflow).map(({ name }) => name)).toEqual(['dispatchEvents', type]);
}

const placeOf = ({ file, name, from }: EnteredFunction) => `${file} ${name} ${from}`;
const nameOf = ({ file, name }: Stop) => `${file} ${name}`;

const listed = new Set([...batchedStops, ...failingStops].map(nameOf));
const listedOf = (entered: EnteredFunction[]) => entered.filter((one) => listed.has(nameOf(one)));

/** Long functions that are neither a stop nor a part of one. */
function unlisted(entered: EnteredFunction[]): EnteredFunction[] {
  const stops = listedOf(entered);
  const isInStop = (one: EnteredFunction) => stops.some(({ file, from, to }) => file === one.file && from <= one.from && one.to <= to);
  return entered.filter((one) => one.to - one.from >= longLines && !isInStop(one));
}

it.each<[string, Dispatch, number[], Stop[], Size]>([
  ['accepted at its first attempt (batched)', 'batched', [200], batchedStops, { files: 90, lines: 2_200 }],
  ['refused at its first attempt (batched)', 'batched', [500, 200], failingStops, { files: 115, lines: 3_030 }],
  ['accepted at its first attempt (individual)', 'individual', [200], [], { files: 103, lines: 2_545 }],
])('an event that is %s', async (way, dispatch, answers, stops, limits) => {
  const missing = (entered: EnteredFunction[]) => (dispatch === 'batched' ? unlisted(entered) : []);
  const isOver = (entered: EnteredFunction[]) => {
    const { files, lines } = sizeOf(entered);
    return files > limits.files || lines > limits.lines || missing(entered).length > 0;
  };
  const entered = await walk(dispatch, answers, stops, isOver);
  expect(listedOf(entered).filter(({ from, to }) => to - from >= maxStopLines)).toEqual([]);
  expect(missing(entered)).toEqual([]);

  const { files, lines, large } = sizeOf(entered);
  process.stdout.write(`${way}: ${files} files, ${large} of them with 20 lines or more; ${lines} lines\n`);
  expect(files).toBeLessThanOrEqual(limits.files);
  expect(lines).toBeLessThanOrEqual(limits.lines);
});

it('is told in at most twelve stops each', () => {
  for (const stops of [batchedStops, failingStops]) {
    expect(stops.length).toBeGreaterThan(8);
    expect(stops.length).toBeLessThanOrEqual(maxStops);
  }
});
