// Builds a command with `go install`, and says in the log that it goes on. Go must be on the PATH.
import { join } from 'node:path';
import { superviseProcess } from './supervised-process.ts';

export interface GoBuild {
  /** For the log, such as "the Temporal server v1.5.1". */
  what: string;
  /** How long it takes on 2 cores that do nothing else. */
  minutes: number;
  /** The main packages, each with its version. */
  packages: readonly string[];
  /** Receives the commands. Each is named for the last part of its package's path. */
  folder: string;
  log: (line: string) => void;
}

const progressMs = 15_000;
const aboutTheCaches = "Go's caches keep up to 3 GB of it, which `go clean -cache -modcache` frees";

/** Returns undefined when the commands are built, else the last line of Go's output. */
export async function buildWithGo({ what, minutes, packages, folder, log }: GoBuild): Promise<string | undefined> {
  log(`building ${what} with Go, once: about ${minutes} minutes on 2 free cores. ${aboutTheCaches}`);
  const args = [`GOBIN=${folder}`, 'go', 'install', '-ldflags=-s -w', ...packages];
  const go = await superviseProcess({ command: 'env', args, logFile: join(folder, 'go.log'), stopSignal: 'SIGTERM' });
  const started = Date.now();
  const progress = setInterval(() => log(`still building ${what} (${Math.round((Date.now() - started) / 1_000)} s)`), progressMs);
  const { code } = await go.exited.finally(() => clearInterval(progress));
  return code === 0 ? undefined : go.logTail().trim().split('\n').at(-1);
}
