// Work in the background, one run at a time; what is asked for while it runs makes it run once more.

export interface Background {
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
