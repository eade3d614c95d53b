// Starts the shared servers before the first integration test and hands their addresses to every test file.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { isPortFree } from '../../src/embedded/free-port.ts';
import { startTestServers } from './servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the superuser and the database `postgres`. */
    postgresUrl: string;
    temporalAddress: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startTestServers((line) => project.vitest.logger.log(line));
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('temporalAddress', servers.temporalAddress);
  return async () => {
    await servers.stop();
    for (const address of [servers.postgresUrl, `tcp://${servers.temporalAddress}`]) await expectGone(Number(new URL(address).port));
  };
}

async function expectGone(port: number): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(50)) {
    if (await isPortFree(port)) return;
  }
  throw new Error(`a test server still listens on port ${port} after it was stopped`);
}
