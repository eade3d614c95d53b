// Runs Python scripts with one PyPI package, which is downloaded once into the user's cache folder.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs `python3 -c script` with `input` as standard input, and returns its output. Throws if Python 3, pip or PyPI is
 * missing.
 */
export async function runPython({ name, version }: { name: string; version: string }, script: string, input: string): Promise<string> {
  const folder = await packageFolder(name, version);
  const running = run('python3', ['-c', script], { env: { ...process.env, PYTHONPATH: folder }, timeout: 120_000 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Where the package is; downloaded at the first call. */
export async function packageFolder(name: string, version: string): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'posthorn', 'python');
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', draft, `${name}==${version}`], {
      timeout: 280_000,
    });
    // another run may have installed it first
    await rename(draft, folder).catch(() => undefined);
  } catch (error) {
    throw new Error(`this test needs python3 with pip, and once ${name} ${version} of PyPI`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
