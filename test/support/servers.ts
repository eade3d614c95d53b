// Starts one PostgreSQL and one Temporal server for a whole test run, tuned for speed over
// durability. Neither outlives the run.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';
import { namespacesOnServer } from './temporal-server/short-form.ts';
import { startTemporalServer } from './temporal-server/start.ts';

/** `t01` … `t150`: one namespace for each test file that needs its own. `shared1` …: one for each worker of Vitest. */
const testNamespaces = [
  ...Array.from({ length: 150 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`),
  ...Array.from({ length: 16 }, (_, index) => `shared${index + 1}`),
];

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

/** `dev`: Temporal's dev server on SQLite. `production`: the server that clusters run, on the same PostgreSQL. */
export async function startTestServers(kind: 'dev' | 'production', log: (line: string) => void): Promise<TestServers> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  // if we are root, the user postgres must be able to enter
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'postgres');
  const closers = [() => removeData(folder, dataDir)] as (() => unknown)[];
  const stop = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    // autovacuum would visit each of many databases every minute
    const settings = { max_connections: '300', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };
    const postgres = await startPostgres({ dataDir, settings, log });
    closers.push(postgres.stop);
    const temporal = await (kind === 'dev'
      ? startTemporal({ namespaces: testNamespaces, searchAttributes: testSearchAttributes, log })
      : startTemporalServer({
          namespaces: namespacesOnServer(process.env.TEST_TEMPORAL_SERVER, testNamespaces),
          searchAttributes: testSearchAttributes,
          postgresUrl: postgres.url,
        }));
    closers.push(temporal.stop);
    return { postgresUrl: postgres.url, temporalAddress: temporal.address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// as root with a private TMPDIR, the cluster is in another folder
function removeData(folder: string, dataDir: string): void {
  const pointer = join(dataDir, 'location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
