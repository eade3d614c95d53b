// One of several processes, kept running: a child that ends without being told to is started again, after a pause that
// doubles from 1 s to 30 s and is 1 s again after a minute well.
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { Calls } from './calls.ts';
import type { ChildCalls, PrimaryCalls } from './child-protocol.ts';

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
  calls: Calls<ChildCalls>;
}

export interface SlotDeps {
  fork(): ChildProcess;
  /** What the children in this slot may ask. */
  served: Omit<PrimaryCalls, 'serving' | 'ready' | 'joins'>;
  joins(child: Child): void;
  ended(child: Child): void;
  /** A child that was told to end is killed after this time. */
  endWithinMs: number;
  log: Logger;
}

export class ChildSlot {
  readonly #deps: SlotDeps;
  readonly #stopping = new AbortController();
  readonly #serving = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<string[]>();
  #running: { process: ChildProcess; child: Child } | null = null;
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

  /** Tells the child to end, and kills it after `endWithinMs`. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#running?.process.kill('SIGTERM');
    const killer = setTimeout(() => this.#running?.process.kill('SIGKILL'), this.#deps.endWithinMs);
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
    const process = this.#deps.fork();
    const { pid = 0 } = process;
    const child: Child = { pid, calls: this.#connect(process, () => child) };
    this.#running = { process, child };
    const ended = await whenEnded(process);
    child.calls.close();
    this.#running = null;
    this.#deps.ended(child);
    return { pid, ...ended };
  }

  #connect(process: ChildProcess, child: () => Child): Calls<ChildCalls> {
    const served: PrimaryCalls = {
      ...this.#deps.served,
      joins: () => this.#deps.joins(child()),
      serving: () => {
        this.#hasServed = true;
        this.#serving.resolve();
      },
      ready: (lines) => this.#ready.resolve(lines),
    };
    const send = (message: object, socket?: Socket) => void process.send(message, socket, { keepOpen: true }, () => undefined);
    const calls = new Calls<ChildCalls>(send, served);
    process.on('message', (message) => void calls.receive(message));
    // without a listener it would end this process
    process.on('error', (error) => this.#deps.log.warn({ err: error }, 'process.error'));
    return calls;
  }
}

function whenEnded(process: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    let ended: Ended | undefined;
    const end = () => {
      // its last messages come before the channel closes
      if (ended && !process.connected) resolve(ended);
    };
    process.once('disconnect', end);
    process.once('exit', (code, signal) => {
      ended = { code, signal };
      end();
    });
    // it could not be started
    process.once('error', () => process.pid === undefined && resolve({ code: 1, signal: null }));
  });
}
