// `--beside <command>`: the same load for another server. The command starts that server (docs/performance-details.md has the
// protocol, bench/beside-naive.ts is an example). Posthorn and its stores do not run meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { delivered } from './arrivals.ts';
import { type Child, startChild } from './child.ts';
import { figuresOf } from './figures.ts';
import { type LoadAnswer, type LoadOrder, type ReceiverAnswer, type ReceiverOrder, type Stream, typeNamed } from './messages.ts';
import { cpuMsOf, forgetPeak, memoryOf, treeOf } from './process-cost.ts';
import { fanOutOf, type RunResult, type Scenario, turnsOf } from './scenario.ts';

const startsWithinMs = 10 * 60_000;
const stopsWithinMs = 30_000;
const deliveredWithinMs = 120_000;

/** What the adapter reads as the first line of its standard input. It makes every endpoint for each of the tenants. */
export interface BesideOrder {
  scenario: string;
  tenants: string[];
  /** Without event types it gets all events. */
  endpoints: { url: string; eventTypes?: string[] }[];
}

/** What it prints as its first line once it can take events. */
const besideServer = z.strictObject({
  /** The URL to which events are posted. In URL and body, {tenant}, {id}, {type} and {data} stand for those of the event. */
  post: z.url(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string(),
  /** The processes whose CPU time counts, with their descendants. Default: the adapter. */
  pids: z.array(z.int()).optional(),
});
type BesideServer = Required<z.infer<typeof besideServer>>;

/** Whether the scenario is only a stream of events. */
export const canRunBeside = ({ play, prepare, noise, kill, keys, endpoint }: Scenario) =>
  !(play || prepare || noise || kill || keys || endpoint);

export async function runBeside(scenario: Scenario, command: string, stopping: AbortSignal): Promise<RunResult> {
  const receiver = startChild<ReceiverOrder, ReceiverAnswer>('receiver-child.ts');
  const load = startChild<LoadOrder, LoadAnswer>('load-child.ts');
  const adapter = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(adapter, 'exit').then(([code]) => Promise.reject(new Error(`the adapter ended with exit code ${code}`)));
  ended.catch(() => undefined);
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(stopping.reason);
    if (stopping.aborted) stop();
    stopping.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([measure(scenario, { adapter, receiver, load }), ended, stopped]);
  } finally {
    await stop(adapter);
    await Promise.all([receiver.stop(), load.stop()]);
  }
}

interface Processes {
  adapter: ChildProcess;
  receiver: Child<ReceiverOrder, ReceiverAnswer>;
  load: Child<LoadOrder, LoadAnswer>;
}

async function measure(scenario: Scenario, { adapter, receiver, load }: Processes): Promise<RunResult> {
  const tenant = `bench-${randomBytes(4).toString('hex')}`;
  const { port } = await receiver.next('listening');
  const server = await start(adapter, orderOf(scenario, tenant, `http://127.0.0.1:${port}`));
  const { origin, pathname, search } = new URL(server.post);
  const form = { path: decodeURI(pathname + search), headers: server.headers, body: server.body };

  async function send(stream: Stream) {
    const loaded = load.next('done');
    load.give({ origin, form, streams: [stream] });
    const [sent] = (await loaded).results;
    if (!sent) throw new Error('the load generator returned no result');
    const accepted = sent.status.filter((status) => status >= 200 && status < 300).length;
    await delivered({ receiver }, stream.prefix, { wanted: accepted * fanOutOf(scenario), withinMs: deliveredWithinMs });
    return sent;
  }
  const { events, ratePerSecond, atOnce, endpoints, inTurn, tenants = 1 } = scenario;
  const stream = { tenant, ...turnsOf(scenario) };
  await send({ ...stream, prefix: `${tenant}-warm`, count: inTurn ? endpoints * tenants : 50, atOnce: 32 });
  for (const pid of allOf(server.pids)) forgetPeak(pid);
  const before = cpuMsOf(allOf(server.pids));
  const benchBefore = cpuMsOf([process.pid, load.pid, receiver.pid]);
  const run = { ...stream, prefix: `${tenant}-run`, count: events, ratePerSecond, atOnce };
  const sent = await send(run);
  const other = cpuMsOf(allOf(server.pids)) - before;
  const bench = cpuMsOf([process.pid, load.pid, receiver.pid]) - benchBefore;
  const peak = allOf(server.pids).reduce((sum, pid) => sum + memoryOf(pid).peak, 0);

  const collected = receiver.next('collected');
  receiver.give({ kind: 'collect', prefix: run.prefix });
  return {
    ...{ scenario: scenario.name, mode: 'beside', settleMs: 0, memory: [] },
    ...figuresOf(run.prefix, fanOutOf(scenario), sent, await collected),
    cpuMs: { other, temporal: 0, postgres: 0, bench },
    peakMiB: { posthorn: peak, temporal: 0, postgres: 0 },
    remarks: ['CPU and memory of the other server stand at Posthorn'],
  };
}

function orderOf({ name, tenants, endpoints, query, inTurn }: Scenario, tenant: string, receiverUrl: string): BesideOrder {
  const search = query === '' ? '?idInBody' : `${query}&idInBody`;
  return {
    scenario: name,
    tenants: tenants === undefined ? [tenant] : Array.from({ length: tenants }, (_, n) => `${tenant}-${n}`),
    endpoints: Array.from({ length: endpoints }, (_, n) => ({
      url: `${receiverUrl}/${n}${search}`,
      ...(inTurn && { eventTypes: [typeNamed(n)] }),
    })),
  };
}

async function start(adapter: ChildProcess, order: BesideOrder): Promise<BesideServer> {
  if (!adapter.stdin || !adapter.stdout || adapter.pid === undefined) throw new Error('the adapter could not be started');
  adapter.stdin.on('error', () => undefined);
  adapter.stdin.write(`${JSON.stringify(order)}\n`);
  const lines = createInterface({ input: adapter.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(startsWithinMs) });
  return { pids: [adapter.pid], ...besideServer.parse(JSON.parse(line)) };
}

async function stop(adapter: ChildProcess): Promise<void> {
  if (adapter.pid === undefined || adapter.exitCode !== null || adapter.signalCode !== null) return;
  const { pid } = adapter;
  const ended = once(adapter, 'exit');
  process.kill(-pid, 'SIGTERM');
  const killer = setTimeout(() => process.kill(-pid, 'SIGKILL'), stopsWithinMs);
  await ended;
  clearTimeout(killer);
}

const allOf = (pids: readonly number[]) => [...new Set(pids.flatMap(treeOf))];
