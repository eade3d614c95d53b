// The commands of Temporal's server for production, built with Go once, into the user's cache folder.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeOnce } from '#embedded/cached-files';
import { buildWithGo } from '#embedded/go-build';
import { onPath } from '#embedded/temporal-binary';

const version = 'v1.32.0';
const what = `Temporal's server ${version}`;
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'posthorn/temporal-server', version);

export const serverCommand = join(folder, 'server');
/** Creates the tables of the server. */
export const sqlCommand = join(folder, 'sql');

export const isServerBuilt = () => existsSync(serverCommand) && existsSync(sqlCommand);

/** Returns undefined when the commands are there, else why they could not be built. The first call takes minutes. */
export async function buildServer(log: (line: string) => void): Promise<string | undefined> {
  if (isServerBuilt()) return undefined;
  if ((await onPath('go')) === undefined) return 'Go is not on the PATH, see https://go.dev/dl';
  const packages = ['server', 'tools/sql'].map((path) => `go.temporal.io/server/cmd/${path}@${version}`);
  let failure: string | undefined;
  const make = async (draft: string): Promise<Record<string, string>> => {
    failure = await buildWithGo({ what, minutes: 9, packages, folder: draft, log });
    return failure === undefined ? { sql: join(draft, 'sql'), server: join(draft, 'server') } : {};
  };
  await makeOnce({ folder, what, isThere: async () => isServerBuilt(), make, log });
  return failure === undefined ? undefined : `Go says: ${failure}`;
}
