// Starts the shared servers before the first integration test and gives their addresses to every
// file.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { isPortFree } from '#embedded/free-port';
import { buildProcessProgram } from './process-program.ts';
import { startTestServers } from './servers.ts';
import { serverProject } from './temporal-server/short-form.ts';
import { until } from './until.ts';
import { workersToEnd } from './worker-presence.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For the superuser and the database `postgres`. */
    postgresUrl: string;
    temporalAddress: string;
    /** The bundle of `posthorn-process-main.ts`. */
    processProgram: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const program = await buildProcessProgram();
  // does nothing if they are built; `npm test` has built them
  await promisify(execFile)(process.execPath, ['bin/web.mjs'], { timeout: 240_000 });
  const kind = project.name === serverProject ? 'production' : 'dev';
  const servers = await startTestServers(kind, (line) => project.vitest.logger.log(line));
  project.provide('processProgram', program);
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('temporalAddress', servers.temporalAddress);
  return async () => {
    await workersToEnd(servers.postgresUrl);
    await servers.stop();
    for (const address of [servers.postgresUrl, `tcp://${servers.temporalAddress}`]) await expectGone(Number(new URL(address).port));
  };
}

async function expectGone(port: number): Promise<void> {
  await until(`the stopped test server to leave port ${port}`, () => isPortFree(port));
}
