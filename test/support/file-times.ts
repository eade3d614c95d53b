// A reporter that stores how long each test file took when it last passed, in the user's cache
// folder. The next run orders its files by these times.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { serverProject } from './temporal-server/short-form.ts';

const kept = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'posthorn/test-seconds.json');
const testFolder = join(import.meta.dirname, '..');

/** The short name of a test file, such as `lanes/rate` for `…/test/lanes/rate.test.ts`. */
export const nameOf = (moduleId: string) => relative(testFolder, moduleId).replace(/\.test\.ts$/, '');

/** Seconds by file name. Empty before the first run. */
export function readFileTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(kept, 'utf8'));
  } catch {
    return {};
  }
}

export function fileTimes(): Reporter {
  return {
    onTestRunEnd(modules) {
      const took = modules
        .filter((module) => module.ok() && module.project.name !== serverProject)
        .map((module) => [nameOf(module.moduleId), secondsOf(module)] as const);
      mkdirSync(dirname(kept), { recursive: true });
      // another run may read it at any moment
      const draft = `${kept}.${process.pid}`;
      writeFileSync(draft, JSON.stringify({ ...readFileTimes(), ...Object.fromEntries(took) }, null, 1));
      renameSync(draft, kept);
    },
  };
}

function secondsOf(module: TestModule): number {
  const { duration, collectDuration } = module.diagnostic();
  return Math.round((duration + collectDuration) / 100) / 10;
}
