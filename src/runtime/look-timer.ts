// Calls a job at the earliest time that was asked for, one run at a time and with a gap between two runs. The job says
// when it wants to run again. After a failure it runs again in a second.

const afterFailureMs = 1_000;

export interface LookTimerOptions {
  /** Resolves to the milliseconds until the next run. */
  look(): Promise<number>;
  failed(error: unknown): void;
  /** The shortest pause after a run that took so many milliseconds. */
  gapMs(tookMs: number): number;
}

export class LookTimer {
  readonly #options: LookTimerOptions;
  #dueAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LookTimerOptions) {
    this.#options = options;
  }

  /** Asks for a run in so many milliseconds, or earlier. */
  within(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#dueAt || this.#stopped) return;
    this.#dueAt = at;
    if (!this.#running) this.#arm();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const ms = Math.max(0, Math.max(this.#dueAt, this.#notBefore) - performance.now());
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, ms).unref();
  }

  async #run(): Promise<void> {
    const { look, failed, gapMs } = this.#options;
    const beganAt = performance.now();
    this.#dueAt = Number.POSITIVE_INFINITY;
    const nextMs = await look().catch((error) => {
      failed(error);
      return afterFailureMs;
    });
    const now = performance.now();
    this.#dueAt = Math.min(this.#dueAt, now + nextMs);
    this.#notBefore = now + gapMs(now - beganAt);
    this.#running = undefined;
    this.#arm();
  }
}
