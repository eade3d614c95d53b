// One PostgreSQL and one Temporal server for a whole test run: quick to lose, never to outlive it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';

/** `t01` … `t64`: a namespace for each test file that wants one to itself. */
const testNamespaces = Array.from({ length: 64 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`);

const testSearchAttributes = {
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
  const closers = [() => removeData(folder, dataDir)] as (() => unknown)[];
  const stop = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
    const postgres = await startPostgres({ dataDir, settings, log });
    closers.push(postgres.stop);
    const temporal = await startTemporal({ namespaces: testNamespaces, searchAttributes: testSearchAttributes, log });
    closers.push(temporal.stop);
    return { postgresUrl: postgres.url, temporalAddress: temporal.address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// where TMPDIR is private, the cluster of a run as root lies elsewhere
function removeData(folder: string, dataDir: string): void {
  const pointer = join(dataDir, 'location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
