// A complete Posthorn inside the test process: its own database and Temporal namespace on the
// shared servers, and an API on a free port.
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { type Core, openCore, type ReadyConfig } from '#app/core';
import { listen } from '#app/listening';
import { startServer } from '#app/server';
import { type RunningWorker, startWorker } from '#app/worker';
import { readConfig } from '#config/config';
import type { Timings } from '#domain/timings';
import type { Checkpoint } from '#runtime/checkpoints';
import { createLogger } from '#runtime/logger';
import { type Api, createApi } from './api.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testTimings } from './quick-timings.ts';
import { installTestRuntime } from './runtime.ts';

export interface TestPosthorn extends Api {
  origin: string;
  core: Core;
  worker: RunningWorker;
  database: TestDatabase;
  /** A Temporal client like an operator's. */
  temporal: Client;
  namespace: string;
  env: Record<string, string>;
  stop(): Promise<void>;
}

export interface TestOptions {
  /** `t01` … `t150`, one for each test file. */
  namespace: string;
  env?: Record<string, string>;
  reached?: (checkpoint: Checkpoint) => Promise<void>;
  /** Default: the usual ones. */
  timings?: Timings;
  /** The destination of its log. Default: standard error. */
  logTo?: { write(line: string): void };
  /** The page size of its dispatches. */
  pageSize?: number;
  /** On a database that no other file has used. */
  onNewDatabase?: boolean;
}

export const testApiKey = 'test-key-0123456789abcdef';

/** The environment of a Posthorn on the shared servers. */
export function testEnv(database: TestDatabase, namespace: string): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
    POSTHORN_API_KEY: testApiKey,
    POSTHORN_MASTER_KEY: randomBytes(32).toString('base64'),
    POSTHORN_ALLOW_CIDRS: '127.0.0.0/8',
    POSTHORN_DISPATCH: 'individual',
    POSTHORN_RETRY_SCHEDULE: '300ms,300ms,300ms',
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
}

export async function startPosthorn(options: TestOptions): Promise<TestPosthorn> {
  const { namespace, env = {}, reached, timings = testTimings, logTo, pageSize, onNewDatabase } = options;
  const database = await createTestDatabase({ isNew: onNewDatabase });
  const whole = { ...testEnv(database, namespace), ...env };
  const config = readConfig(whole) as ReadyConfig;
  const log = createLogger(config.LOG_LEVEL, logTo);
  installTestRuntime();
  const listening = await listen(config.HOST, config.PORT, undefined);
  const core = await openCore(config, log, 'worker', timings);
  const worker = startWorker(core, listening.origin, { reached, pageSize });
  const closeServer = startServer(core, { listening, temporalUiUrl: 'http://127.0.0.1:8233', worker, reached });
  await worker.ready;
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  return {
    ...createApi(listening.origin, testApiKey),
    origin: listening.origin,
    core,
    worker,
    database,
    namespace,
    env: whole,
    temporal: new Client({ connection, namespace }),
    async stop() {
      await closeServer();
      await worker.stop();
      await core.close();
      await connection.close();
      await database.drop();
    },
  };
}
