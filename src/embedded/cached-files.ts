// Makes files in a cache folder once, also when several processes ask for them at the same time.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, LockHeldError, takeLock } from './lock-file.ts';

export interface Wanted {
  folder: string;
  /** For the log: what another process may be making. */
  what: string;
  isThere(): Promise<boolean>;
  /** Makes the files below `draft`, a folder that is deleted afterwards. Returns the paths of those to keep, by name. */
  make(draft: string): Promise<Record<string, string>>;
  log: (line: string) => void;
}

/** Resolves when `isThere`. What it makes is moved to its place when all of it is complete. */
export async function makeOnce({ folder, what, isThere, make, log }: Wanted): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const lock = await waitForLock(join(folder, 'lock'), what, log);
  const draft = mkdtempSync(join(folder, 'new-'));
  try {
    // the previous holder of the lock has probably done the work
    if (await isThere()) return;
    for (const [name, made] of Object.entries(await make(draft))) renameSync(made, join(folder, name));
  } finally {
    rmSync(draft, { recursive: true, force: true });
    lock.release();
  }
}

async function waitForLock(file: string, what: string, log: (line: string) => void): Promise<Lock> {
  for (let waited = 0; ; waited += 1) {
    try {
      return await takeLock(file);
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      if (waited % 15 === 0) log(`waiting for process ${error.pid}, which downloads or builds ${what} (${waited} s)`);
      await sleep(1_000);
    }
  }
}
