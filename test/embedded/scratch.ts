// Helpers for the tests of this folder: scratch folders, a process to kill, and lists of processes.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { commandLine, processStart } from '#runtime/process-facts';
import { compileCache } from '../support/start-cost.ts';

/** A folder that other users can enter. */
export function makeScratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-embedded-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** The same. Removed after the test. */
export function scratchFolder(): string {
  const folder = makeScratch();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Pids of live processes whose command line contains `text`, a folder of the test. */
export function processesOf(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && commandLine(pid)?.includes(text) === true && processStart(pid) !== undefined);
}

/**
 * Kills, by their ids, the processes of the test's own `folder` except the server `pid`: its starter and its watcher.
 */
export function killAllBut(server: number, folder: string): void {
  const others = processesOf(folder).filter((pid) => pid !== server && parentOf(pid) !== server);
  for (const pid of others) process.kill(pid, 'SIGKILL');
}

const parentOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);

/** Starts the fixture in its own process, which is killed after the test at the latest. */
export async function holdServers(postgresDir: string, temporalDir: string): Promise<{ pid: number; url: string; address: string }> {
  const fixture = join(import.meta.dirname, 'fixtures/hold-servers.ts');
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  const child = spawn(process.execPath, [fixture, postgresDir, temporalDir], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data)));
    child.once('exit', () => reject(new Error('the fixture ended')));
  });
  return { pid: child.pid ?? 0, ...JSON.parse(line) };
}
