// Ends a process that is not our child. Only the process table shows whether it is gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from '#runtime/process-facts';

/** Sends `signal` and waits up to 10 s. Resolves to true if the process is gone. */
export async function endProcess(pid: number, signal: NodeJS.Signals): Promise<boolean> {
  const started = processStart(pid);
  if (started === undefined) return true;
  try {
    process.kill(pid, signal);
  } catch {
    return true;
  }
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    if (processStart(pid) !== started) return true;
  }
  return false;
}
