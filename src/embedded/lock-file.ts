// A lock file: held while the process that wrote it lives. After that process was killed, the next
// `takeLock` takes it over. Of several concurrent calls exactly one succeeds.
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEnding, processStart } from '#runtime/process-facts';

/** How long to wait until a killed holder is gone. A machine under load needs a moment. */
const endingMs = 20_000;

export interface Lock {
  release(): void;
}

export class LockHeldError extends Error {
  override name = 'LockHeldError';
  readonly pid: number;
  constructor(file: string, pid: number) {
    super(`${file} is held by the process ${pid}`);
    this.pid = pid;
  }
}

/**
 * Takes the lock or throws LockHeldError. A holder that died without a release does not count, even if its pid was
 * reused.
 */
export async function takeLock(file: string): Promise<Lock> {
  const mine = `${process.pid} ${processStart(process.pid)}\n`;
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  const deadline = performance.now() + endingMs;
  try {
    while (!tryLink(draft, file)) {
      const found = readText(file);
      if (found === undefined) continue;
      const holder = liveHolder(found);
      if (holder === undefined) await removeStale(file, found);
      else if (isEnding(holder) && performance.now() < deadline) await sleep(10);
      // check again, because the holder may have ended in the meantime
      else if (liveHolder(found) !== undefined) throw new LockHeldError(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (readText(file) === mine) rmSync(file, { force: true });
    },
  };
}

/** The process that holds the lock. Undefined: nobody. */
export function lockHolder(file: string): number | undefined {
  const found = readText(file);
  return found === undefined ? undefined : liveHolder(found);
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function liveHolder(text: string): number | undefined {
  const [pid, ...started] = text.trim().split(' ');
  return processStart(Number(pid)) === started.join(' ') ? Number(pid) : undefined;
}

// Two processes may find the same stale lock. The slower one may then move the new lock of the other aside, and puts it
// back.
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readText(aside) !== stale) tryLink(aside, file);
  rmSync(aside, { force: true });
  await sleep(20);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;
