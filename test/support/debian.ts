// Finds a file of a Debian package, and installs the package if it is missing: tests need some programs that npm does not have.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
// other test files may install something at the same time
const apt = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Get::Lock::Timeout=300', '-qq', '-y'];

const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

/** A new machine has no list of packages. */
export async function refreshPackageList(): Promise<void> {
  await run('apt-get', [...apt, 'update'], { env, timeout: 300_000 }).catch(() => undefined);
}

/** `files`: where the file may be. Returns the first that exists. Throws if the package cannot be installed. */
export async function fileOfPackage(name: string, files: readonly string[]): Promise<string> {
  const find = () => files.find((file) => existsSync(file));
  const there = find();
  if (there !== undefined) return there;
  try {
    await refreshPackageList();
    await run('apt-get', [...apt, 'install', '--no-install-recommends', name], { env, timeout: 600_000 });
  } catch (error) {
    throw new Error(`this test needs the package ${name}; run: apt-get update && apt-get install -y ${name}`, { cause: error });
  }
  const installed = find();
  if (installed === undefined) throw new Error(`the package ${name} has none of these files: ${files.join(', ')}`);
  return installed;
}
