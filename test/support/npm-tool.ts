// Command-line tools of npm that are too large for everybody's node_modules, installed once into the user's cache folder.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const redocly = { name: '@redocly/cli', version: '2.77.0', bin: 'redocly' };
export const deno = { name: 'deno', version: '2.9.6', bin: 'deno' };
export const bun = { name: 'bun', version: '1.4.5', bin: 'bun' };
export const node20 = { name: 'node', version: '20.20.2', bin: 'node' };

/** The path of the command. Throws if it cannot be installed. */
export async function npmTool({ name, version, bin }: typeof redocly): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'posthorn', 'npm');
  const folder = join(cache, `${name.replace('/', '+')}-${version}`);
  const path = join(folder, 'node_modules/.bin', bin);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  const args = [
    'install',
    '--prefix',
    draft,
    '--ignore-scripts=false',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    `${name}@${version}`,
  ];
  try {
    await run('npm', args, { timeout: 300_000, cwd: draft });
    // another run may have installed it first
    await rename(draft, folder).catch(() => undefined);
  } catch (error) {
    throw new Error(`this test needs ${name} ${version} from npm; run: npm ${args.join(' ')}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return path;
}
