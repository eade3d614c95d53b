// Restarts Posthorn at each change of a source file, and prints what changed. A Posthorn that has
// ended by itself, for example after a syntax error, starts again after the next change.
import { join } from 'node:path';
import type { DevProcess } from './dev-process.ts';
import { watchFolders } from './watch-folders.ts';

/** Loaded by bin/dev.ts itself, which does not restart. */
const ownSources = /^src\/embedded\/|^src\/app\/embedded-config\.ts$/;

export interface Restarting {
  stop(): Promise<void>;
  /** Ends Posthorn without waiting for anything. */
  kill(): void;
}

export function restartOnChange(start: () => DevProcess, print: (line: string) => void): Restarting {
  let isStopping = false;
  let announced = false;
  let current = launch();
  let restarted = Promise.resolve();
  watchFolders(join(import.meta.dirname, '..'), ['src', 'migrations', 'packages/client/src', 'packages/receiver/src'], (files) => {
    restarted = restarted.then(() => restart(files));
  });

  function launch(): DevProcess {
    const began = performance.now();
    const run = start();
    void run.ready.then((lines) => {
      const again = `Posthorn is ready again, ${((performance.now() - began) / 1_000).toFixed(1)} s after its start.`;
      for (const line of announced ? [again] : lines) print(line);
      announced = true;
    });
    void run.failed.then((how) => print(`Posthorn ${how}. It starts again after the next change.`));
    return run;
  }

  async function restart(files: string[]): Promise<void> {
    if (files.every((file) => ownSources.test(file))) {
      print(`${named(files)} changed. A restart does not load it: press Ctrl-C and start \`npm run dev\` again.`);
      return;
    }
    print(`${named(files)} changed. Posthorn restarts.`);
    await current.stop();
    if (!isStopping) current = launch();
  }

  return {
    async stop() {
      isStopping = true;
      await Promise.all([restarted, current.stop()]);
    },
    kill: () => current.kill(),
  };
}

function named([first = '', ...others]: string[]): string {
  if (others.length === 0) return first;
  return `${first} and ${others.length} other ${others.length === 1 ? 'file' : 'files'}`;
}
