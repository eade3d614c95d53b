// One of several processes, kept running: a child that ends without being told to is started again, after a pause that
// doubles from 1 s to 30 s and is 1 s again after a minute well.
import type { Worker } from 'node:cluster';
import { Calls } from '#runtime/calls';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { type ChildCalls, endWithinMs, type PrimaryCalls } from './child-protocol.ts';

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
const wellAfterMs = 60_000;

/** A child ended before it served for the first time. It has printed why, unless a signal ended it. */
export class ChildFailed extends Error {
  override name = 'ChildFailed';
  /** Of the child. Null: a signal ended it. */
  readonly exitCode: number | null;

  constructor({ code, signal }: Ended) {
    super(`A process of Posthorn ended before it was ready: ${signal === null ? `exit code ${code}` : `ended by ${signal}`}.`);
    this.exitCode = signal === null ? code : null;
  }
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child {
  pid: number;
  /** Has asked to open the port. */
  mayListen: boolean;
  calls: Calls<ChildCalls>;
}

export interface SlotDeps {
  fork(): Worker;
  /** What the children in this slot may ask. */
  served: Omit<PrimaryCalls, 'serving' | 'ready' | 'mayListen'>;
  mayListen(): Promise<void>;
  ended(child: Child): void;
  log: Logger;
}

export class ChildSlot {
  readonly #deps: SlotDeps;
  readonly #stopping = new AbortController();
  readonly #serving = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<string[]>();
  #running: { worker: Worker; child: Child } | null = null;
  #supervision: Promise<void> = Promise.resolve();
  #hasServed = false;

  constructor(deps: SlotDeps) {
    this.#deps = deps;
  }

  /** Resolves when a child serves for the first time. Rejects with ChildFailed if it ends before. */
  async start(): Promise<void> {
    this.#supervision = this.#supervise();
    await this.#serving.promise;
  }

  /** Resolves with the lines to print when a child is ready for the first time. */
  get ready(): Promise<string[]> {
    return this.#ready.promise;
  }

  /** Null: there is none at the moment. */
  get child(): Child | null {
    return this.#running?.child ?? null;
  }

  /** Tells the child to end, and kills it after a minute. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#running?.worker.process.kill('SIGTERM');
    const killer = setTimeout(() => this.#running?.worker.process.kill('SIGKILL'), endWithinMs);
    await this.#supervision;
    clearTimeout(killer);
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const beganAt = performance.now();
      const { pid, ...how } = await this.#run();
      if (signal.aborted) return;
      if (!this.#hasServed) return this.#serving.reject(new ChildFailed(how));
      if (performance.now() - beganAt > wellAfterMs) pauseMs = firstPauseMs;
      this.#deps.log.error({ endedPid: pid, ...how, againAfterMs: pauseMs }, 'process.ended');
      await pause(pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  /** Runs one child until it and its channel are gone. */
  async #run(): Promise<Ended & { pid: number }> {
    const worker = this.#deps.fork();
    const pid = worker.process.pid ?? 0;
    const child: Child = { pid, mayListen: false, calls: this.#connect(worker, () => child) };
    this.#running = { worker, child };
    const ended = await whenEnded(worker);
    child.calls.close();
    this.#running = null;
    this.#deps.ended(child);
    return { pid, ...ended };
  }

  #connect(worker: Worker, child: () => Child): Calls<ChildCalls> {
    const served: PrimaryCalls = {
      ...this.#deps.served,
      mayListen: () => {
        child().mayListen = true;
        return this.#deps.mayListen();
      },
      serving: () => {
        this.#hasServed = true;
        this.#serving.resolve();
      },
      ready: (lines) => this.#ready.resolve(lines),
    };
    const calls = new Calls<ChildCalls>((message) => void worker.send(message, () => undefined), served);
    worker.on('message', (message) => void calls.receive(message));
    // without a listener it would end this process
    worker.on('error', (error) => this.#deps.log.warn({ err: error }, 'process.error'));
    return calls;
  }
}

function whenEnded(worker: Worker): Promise<Ended> {
  return new Promise((resolve) => {
    let ended: Ended | undefined;
    const end = () => {
      // the cluster has let go of the port only once the channel is closed too
      if (ended && !worker.isConnected()) resolve(ended);
    };
    worker.once('disconnect', end);
    worker.once('exit', (code, signal) => {
      ended = { code, signal: signal as NodeJS.Signals | null };
      end();
    });
    // it could not be started
    worker.once('error', () => worker.process.pid === undefined && resolve({ code: 1, signal: null }));
  });
}
