// The documentation of this server: built into the image and the package; in a clone it is built when it is first read.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Router } from 'express';
import { packageRoot } from '#config/package';
import { createSite } from '#site/site';

export interface DocsSite {
  router: Router;
  /** Ends a build that is running. */
  stop(): void;
}

export function openDocsSite(root = packageRoot): DocsSite {
  const program = join(root, 'bin/docs.mjs');
  let child: ChildProcess | undefined;
  const build = async () => {
    child = spawn(process.execPath, [program], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    // deliveries come first
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output = `${output}${chunk}`.slice(-4_000)));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(output);
  };
  const canBuild = [program, join(root, 'docs/.vitepress/config.ts'), join(root, 'node_modules/vitepress/package.json')].every(existsSync);
  return { router: createSite({ folder: join(root, 'dist/docs'), build: canBuild ? build : undefined }), stop: () => void child?.kill() };
}
