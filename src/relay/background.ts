// Runs a job in the background, one run at a time. A request made during a run causes one more run.

export interface Background {
  /** Starts a run, or notes that one more is needed after the current one. */
  soon(): void;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function inBackground(work: () => Promise<void>, failed: (error: unknown) => void): Background {
  let asked = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (asked) {
      asked = false;
      await work().catch(failed);
    }
    running = undefined;
  }

  return {
    soon() {
      asked = true;
      running ??= run();
    },
    idle: async () => running,
  };
}
