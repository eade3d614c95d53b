// The processes that share one port: starts the first and then the others, and keeps what all of them need: metrics that
// are added up, and what the sandbox has recorded.
import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from '#runtime/logger';
import { createRecordings } from '#sandbox/recordings';
import { processMetrics } from '#telemetry/process-metrics';
import { type Metrics, type Page, SummedMetrics } from '#telemetry/summed-metrics';
import { type ChildInput, machineMs } from './child-protocol.ts';
import { type Child, ChildSlot } from './child-slot.ts';
import type { SharedPort, Taker } from './shared-port.ts';

/** A child takes a connection at once, unless it is frozen. Then another one gets it, and this one refuses it when it thaws. */
const takenWithinMs = 1_000;
const answersWithinMs = 2_000;
/** A child reads its stores for at most 2 s. */
const metricsWithinMs = 3_000;

export interface ChildrenDeps {
  /** The program of a child. */
  program: string;
  input: Omit<ChildInput, 'port' | 'origin'>;
  port: SharedPort;
  /** A child that was told to end is killed after this time. */
  endWithinMs: number;
  log: Logger;
}

export class Children {
  readonly #deps: ChildrenDeps;
  readonly #slots: ChildSlot[];
  readonly #recordings = createRecordings();
  readonly #sums = new SummedMetrics();
  #page: Promise<Page> | undefined;
  readonly #takers = new Map<Child, Taker>();

  constructor(deps: ChildrenDeps) {
    this.#deps = deps;
    this.#slots = Array.from({ length: deps.input.count }, (_, index) => this.#openSlot(index === 0));
  }

  /**
   * Resolves when all serve. Only the first prepares the store and says what is wrong with it, so the others start after
   * it. Rejects with ChildFailed if one ends before.
   */
  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    await first?.start();
    await Promise.all(others.map((slot) => slot.start()));
  }

  /** Resolves with the lines to print once all are ready. */
  async ready(): Promise<string[]> {
    const [lines = []] = await Promise.all(this.#slots.map((slot) => slot.ready));
    return lines;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  #openSlot(isFirst: boolean): ChildSlot {
    const { program, input, port, endWithinMs, log } = this.#deps;
    const { countAttempt, record, requestsOf, forget } = this.#recordings;
    return new ChildSlot({
      fork: () => forkChild(program),
      served: {
        input: () => ({ ...input, demo: input.demo && isFirst, port: port.port, origin: port.origin }),
        metricsPage: () => this.#readPage(),
        ...{ countAttempt, record, requestsOf, forget },
      },
      joins: (child) => this.#joins(child),
      ended: (child) => this.#ended(child),
      endWithinMs,
      log,
    });
  }

  #running(): Child[] {
    return this.#slots.map(({ child }) => child).filter((child) => child !== null);
  }

  #joins(child: Child): void {
    const taker: Taker = {
      take: (socket) =>
        child.calls.ask('take', [machineMs() + takenWithinMs], { socket, withinMs: answersWithinMs }).catch(() => {
          void this.#rejoins(child, taker);
          return false;
        }),
    };
    this.#takers.set(child, taker);
    this.#deps.port.join(taker);
  }

  /** When it answers again. */
  async #rejoins(child: Child, taker: Taker): Promise<void> {
    this.#deps.log.warn({ child: child.pid }, 'child.took_no_connection');
    const answers = await child.calls.ask('metrics', [false]).then(
      () => true,
      () => false,
    );
    if (answers && this.#takers.get(child) === taker) this.#deps.port.join(taker);
  }

  #ended(child: Child): void {
    this.#sums.ended(child.pid);
    const taker = this.#takers.get(child);
    this.#takers.delete(child);
    if (taker) this.#deps.port.leave(taker);
  }

  /** Concurrent calls share one page. */
  #readPage(): Promise<Page> {
    this.#page ??= this.#sumUp().finally(() => {
      this.#page = undefined;
    });
    return this.#page;
  }

  async #sumUp(): Promise<Page> {
    const answers = this.#running().map(async ({ pid, calls }, index) => {
      const metrics = await calls.ask('metrics', [index === 0], { withinMs: metricsWithinMs }).catch(() => null);
      // it may have ended meanwhile, and must not count twice
      if (this.#running().some((child) => child.pid === pid)) this.#sums.read(pid, metrics);
    });
    await Promise.all(answers);
    return this.#sums.page(await ownMetrics());
  }
}

function forkChild(program: string): ChildProcess {
  // a debugger of the primary has taken the port of `--inspect`
  const execArgv = process.execArgv.filter((arg) => !arg.startsWith('--inspect'));
  // metrics may be NaN, which JSON has not
  return fork(program, [], { execArgv, serialization: 'advanced' });
}

/** Of the primary itself: CPU, memory and files count; its idle event loop would only hide those of the others. */
async function ownMetrics(): Promise<Metrics> {
  const all = await processMetrics().getMetricsAsJSON();
  const own = all.filter(({ name }) => name.startsWith('process_'));
  return own.map((metric) => (metric.name === 'process_start_time_seconds' ? { ...metric, aggregator: 'first' } : metric));
}
