// One PostgreSQL and one Temporal server for a whole test run: quick to lose, never to outlive it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { startTemporal } from '../../src/embedded/temporal.ts';

/** `t01` … `t30`: a namespace for each test file that wants one to itself. */
export const testNamespaces = Array.from({ length: 30 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`);

export const testSearchAttributes = {
  PosthornTenant: 'Keyword',
  PosthornEndpoint: 'Keyword',
  PosthornEventType: 'Keyword',
  PosthornStatus: 'Keyword',
} as const;

export interface TestServers {
  postgresUrl: string;
  temporalAddress: string;
  stop(): Promise<void>;
}

export async function startTestServers(log: (line: string) => void): Promise<TestServers> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  // as root, the user postgres has to pass through
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'postgres');
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  // one after the other, so that a failure of one leaves the other stopped or not begun
  const postgres = await startPostgres({ dataDir, settings, log });
  try {
    const temporal = await startTemporal({ namespaces: testNamespaces, searchAttributes: testSearchAttributes, log });
    const stop = async () => {
      await temporal.stop();
      await postgres.stop();
      removeData(folder, dataDir);
    };
    return { postgresUrl: postgres.url, temporalAddress: temporal.address, stop };
  } catch (error) {
    await postgres.stop();
    removeData(folder, dataDir);
    throw error;
  }
}

// where TMPDIR is private, the cluster of a run as root lies elsewhere
function removeData(folder: string, dataDir: string): void {
  const pointer = join(dataDir, 'location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
