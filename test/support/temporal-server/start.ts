// Starts Temporal's server for production on a PostgreSQL that runs, as one process. Its commands must be built.
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import pg from 'pg';
import { isPortFree } from '#embedded/free-port';
import { type SupervisedProcess, superviseProcess } from '#embedded/supervised-process';
import { completeSearchAttributes, type SearchAttributes, waitForNamespaces } from '#embedded/temporal-readiness';
import { until } from '../until.ts';
import { serverCommand, sqlCommand } from './commands.ts';
import { configurationOf, dynamicConfig } from './configuration.ts';

export interface ServerOptions {
  /** For a user that may create databases. */
  postgresUrl: string;
  namespaces: readonly string[];
  searchAttributes: SearchAttributes;
}

const databases = { default: 'temporal', visibility: 'temporal_visibility' };
const startTimeoutMs = 120_000;
const tries = 5;
const retention = '1 day';

/** Resolves when it serves every namespace, and knows its search attributes. */
export async function startTemporalServer(options: ServerOptions): Promise<{ address: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-temporal-server-'));
  let server: SupervisedProcess | undefined;
  const stop = async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await createTables(options.postgresUrl);
    const launched = await launch(options.postgresUrl, folder);
    ({ server } = launched);
    await prepareNamespaces(launched.address, server, options);
    return { address: launched.address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const didNotStart = (server: SupervisedProcess) => new Error(`Temporal's server did not start: ${server.logTail()}`);

/** Every version of the schema, one after another, as in production. */
async function createTables(postgresUrl: string): Promise<void> {
  const { hostname, port, username, password } = new URL(postgresUrl);
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  for (const database of Object.values(databases)) await client.query(`create database ${database}`);
  await client.end();
  const at = { SQL_PLUGIN: 'postgres12', SQL_HOST: hostname, SQL_PORT: port, SQL_USER: username, SQL_PASSWORD: password };
  const update = async (database: string, schema: string) => {
    const run = (...args: string[]) => promisify(execFile)(sqlCommand, args, { env: { ...at, SQL_DATABASE: database } });
    await run('setup-schema', '--version', '0.0');
    await run('update-schema', '--schema-name', `postgresql/v12/${schema}`);
  };
  await Promise.all([update(databases.default, 'temporal'), update(databases.visibility, 'visibility')]);
}

async function launch(postgresUrl: string, folder: string): Promise<{ address: string; server: SupervisedProcess }> {
  const dynamicConfigFile = join(folder, 'dynamic.yaml');
  const configFile = join(folder, 'server.yaml');
  writeFileSync(dynamicConfigFile, JSON.stringify(dynamicConfig));
  for (let attempt = 1; ; attempt += 1) {
    const ports = await eightPorts();
    writeFileSync(configFile, JSON.stringify(configurationOf({ postgresUrl, databases, ports, dynamicConfigFile })), { mode: 0o600 });
    const server = await superviseProcess({
      command: serverCommand,
      args: ['--config-file', configFile, '--allow-no-auth', 'start'],
      env: { HOME: folder },
      logFile: join(folder, 'server.log'),
      stopSignal: 'SIGTERM',
    });
    const [port = 0] = ports;
    await until("Temporal's frontend", async () => !server.isRunning() || !(await isPortFree(port)), startTimeoutMs);
    if (server.isRunning()) return { address: `127.0.0.1:${port}`, server };
    // another program may have taken a port between our choice and its use
    if (attempt === tries || !/address already in use/.test(server.logTail())) throw didNotStart(server);
  }
}

// the server stores its ports as `smallint`, so they are lower than those that the system chooses
async function eightPorts(): Promise<number[]> {
  const ports: number[] = [];
  for (let next = randomInt(10_000, 30_000); ports.length < 8; next += 1) if (await isPortFree(next)) ports.push(next);
  return ports;
}

async function prepareNamespaces(address: string, server: SupervisedProcess, options: ServerOptions): Promise<void> {
  const { searchAttributes } = options;
  const namespaces = ['default', ...options.namespaces];
  const connection = await Connection.connect({ address, connectTimeout: startTimeoutMs });
  const workflowExecutionRetentionPeriod = msToTs(retention);
  const register = (namespace: string) => connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  // the parts of the server cache namespaces for some seconds
  const knows = (namespace: string) =>
    until(`the search attributes of ${namespace}`, async () => {
      for (const name of Object.keys(searchAttributes))
        await connection.workflowService.countWorkflowExecutions({ namespace, query: `${name}='none'` });
      return true;
    });
  try {
    await until('the first namespace', () => register('default'), startTimeoutMs);
    await Promise.all(options.namespaces.map(register));
    if (!(await waitForNamespaces(address, namespaces, { isRunning: server.isRunning, timeoutMs: startTimeoutMs })))
      throw didNotStart(server);
    await completeSearchAttributes(address, namespaces, searchAttributes);
    await Promise.all(namespaces.map(knows));
  } finally {
    await connection.close();
  }
}
