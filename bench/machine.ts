// Facts about the machine, which are needed to compare results with those of other machines.
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { timesOf } from './figures.ts';

export function machineFacts() {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model ?? '',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    /**
     * The time to sync 8 KiB to the folder of the stores. A value near zero means that the disk does not really sync.
     */
    fsyncMs: fsyncTimes(),
    ...commit(),
  };
}

function commit(): { commit: string; changed: boolean } {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    return { commit: git('rev-parse', '--short', 'HEAD'), changed: git('status', '--porcelain', '--', '../src', '../migrations') !== '' };
  } catch {
    return { commit: 'unknown', changed: true };
  }
}

function fsyncTimes() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  const file = openSync(join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(8_192, 1);
  const times = Array.from({ length: 50 }, () => {
    const startedAt = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return timesOf(times);
}
