// Stops a PostgreSQL that a killed process left running on our data. Its postmaster.pid identifies
// it.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '#runtime/process-facts';
import { endProcess } from './end-process.ts';

/** Call it only while holding the lock on the data: the process that started such a server is then known to be dead. */
export async function stopPostgresOrphan(cluster: string, log: (line: string) => void): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const pid = readPid(file);
  if (pid === undefined) return;
  if (commandLine(pid)?.includes(cluster) !== true) {
    // No server runs on this data. PostgreSQL would mistake any process of the same user with that pid for a server.
    rmSync(file, { force: true });
    return;
  }
  log(`stopping the PostgreSQL (pid ${pid}) that an earlier run left behind`);
  // fast shutdown, immediate shutdown, then kill
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (await endProcess(pid, signal)) return;
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
