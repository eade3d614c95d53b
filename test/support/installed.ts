// Programs of Debian that tests need. As root they are installed when they are missing.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Resolves to what `find` returns. Throws with the line that installs the packages. */
export async function needInstalled<T>(find: () => T | undefined, packages: string[]): Promise<T> {
  const found = find();
  if (found !== undefined) return found;
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const attempt = () => run('apt-get', install, { env, timeout: 200_000 });
    await attempt().catch(() =>
      run('apt-get', ['update'], { timeout: 100_000 })
        .then(attempt)
        .catch(() => undefined),
    );
  }
  const now = find();
  if (now === undefined) throw new Error(`this test needs: apt-get ${install.join(' ')}`);
  return now;
}
