// Finds the `temporal` command for the embedded server. In this order: the one on the PATH, the
// cached one, a download, a build with Go. Concurrent calls share one download or build.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeOnce } from './cached-files.ts';
import { buildWithGo } from './go-build.ts';
import { explainFolderError, StartError } from './start-error.ts';
import { downloadTemporal } from './temporal-download.ts';

const version = 'v1.5.1';
const oldestServer = [1, 29] as const;
const run = promisify(execFile);

export interface FindOptions {
  /** The user's cache folder. A downloaded or built command is stored below it, in `posthorn/temporal/`. */
  cacheDir?: string;
  /** The download service of Temporal's SDKs. */
  directory?: string;
  log?: (line: string) => void;
}

/**
 * Returns the path of a `temporal` command with a recent enough server. The first call on a machine may take minutes.
 * Throws a StartError if there is none.
 */
export async function findTemporalBinary(options: FindOptions = {}): Promise<string> {
  const { cacheDir = join(homedir(), '.cache'), directory = 'https://temporal.download/cli', log = () => undefined } = options;
  const own = await onPath('temporal');
  if (own !== undefined && (await isNewEnough(own))) return own;
  const folder = join(cacheDir, 'posthorn', 'temporal', version);
  const cached = join(folder, 'temporal');
  const isThere = async () => existsSync(cached) && (await isNewEnough(cached));
  const make = async (draft: string) => ({ temporal: await obtain(draft, directory, log) });
  try {
    if (!(await isThere())) await makeOnce({ folder, what: 'the Temporal server', isThere, make, log });
    return cached;
  } catch (error) {
    throw explainCacheError(error, folder);
  }
}

async function obtain(draft: string, directory: string, log: (line: string) => void): Promise<string> {
  const made = (await downloadTemporal({ version, directory, folder: draft, log })) ?? (await build(draft, log));
  if (!(await isNewEnough(made))) throw noTemporal('the downloaded or built command does not run on this machine');
  return made;
}

async function build(draft: string, log: (line: string) => void): Promise<string> {
  if ((await onPath('go')) === undefined) throw noTemporal('it could not be downloaded, and Go is not installed to build it');
  const packages = [`github.com/temporalio/cli/cmd/temporal@${version}`];
  const failure = await buildWithGo({ what: `the Temporal server ${version}`, minutes: 4, packages, folder: draft, log });
  if (failure !== undefined) throw noTemporal(`building it with Go failed: ${failure}`);
  return join(draft, 'temporal');
}

const noTemporal = (why: string) =>
  new StartError(
    `No Temporal server is available: ${why}. Do one of these: put the temporal command (${version} or later) on the PATH, ` +
      'see https://docs.temporal.io/cli; install Go, see https://go.dev/dl, so that it can be built; set TEMPORAL_ADDRESS to a Temporal cluster.',
  );

// the cache folder is not the data folder, so POSTHORN_DATA_DIR would not help
function explainCacheError(error: unknown, folder: string): unknown {
  const explained = explainFolderError(error, folder);
  return explained === error
    ? error
    : noTemporal(`the cache folder ${folder} cannot be written (${error instanceof Error ? error.message : error})`);
}

/** How a shell calls this binary. A downloaded or built one is not on the PATH, or an older one is. */
export const callOf = async (binary: string): Promise<string> => ((await onPath('temporal')) === binary ? 'temporal' : binary);

/** Its path, if it is on the PATH. */
export async function onPath(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('/bin/sh', ['-c', 'command -v "$1"', 'sh', command]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Parses the output of `temporal --version`, such as "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)". */
async function isNewEnough(binary: string): Promise<boolean> {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 20_000 });
    const [, major = 0, minor = 0] = /Server (\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
    return major > oldestServer[0] || (major === oldestServer[0] && minor >= oldestServer[1]);
  } catch {
    return false;
  }
}
