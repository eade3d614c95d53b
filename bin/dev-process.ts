// Starts bin/dev-posthorn.ts, which is one run of Posthorn, and stops it within seconds.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { DevInput, DevReady } from './dev-posthorn.ts';

/** Then a request in flight, or a debugger at a breakpoint, no longer keeps a restart waiting. */
const graceMs = 3_000;
const root = join(import.meta.dirname, '..');

export interface DevProcess {
  /** Resolves once it is ready, with the lines to print. */
  ready: Promise<DevReady>;
  /** Resolves when it has ended without stop() or kill(), with how. */
  failed: Promise<string>;
  /** Ends it in order, or by SIGKILL after 3 s: Posthorn continues after both. */
  stop(): Promise<void>;
  kill(): void;
}

export function startDevProcess({ nodeArgs, env, input }: { nodeArgs: string[]; env: NodeJS.ProcessEnv; input: DevInput }): DevProcess {
  const compiled = join(root, 'node_modules/.cache/posthorn-dev');
  const child = fork(join(import.meta.dirname, 'dev-posthorn.ts'), [], {
    execArgv: nodeArgs,
    env: { NODE_COMPILE_CACHE: compiled, ...env },
  });
  let asked = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `has ended with exit code ${code}` : `was ended by ${signal}`));
  });
  child.send(input, () => undefined);
  return {
    ready: new Promise((resolve) => child.once('message', (lines) => resolve(lines as DevReady))),
    failed: new Promise((resolve) => void exited.then((how) => asked || resolve(how))),
    async stop() {
      asked = true;
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(killer);
    },
    kill() {
      asked = true;
      child.kill('SIGKILL');
    },
  };
}
