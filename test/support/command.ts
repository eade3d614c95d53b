// Runs the `posthorn` command as its user does, and lists the processes that it started.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from './api.ts';
import { testApiKey } from './posthorn.ts';
import { compileCache, nodeFlags, startTimeoutMs } from './start-cost.ts';
import { until } from './until.ts';

/** As `bin/posthorn.js` chooses it, from the sources. */
const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** Keeps profiles out of the home folder. */
const configFolder = join(import.meta.dirname, '../../node_modules/.cache/posthorn-test/config');

export interface Command {
  pid: number;
  exit: Promise<number | null>;
  /** Its output and its log, and those of the processes it started. */
  said(): string;
  /** The lines of its log with this message. */
  logged(message: string): Record<string, unknown>[];
  signal(name: NodeJS.Signals): void;
}

/** `env`: the whole environment besides PATH and HOME. The caller ends it. */
export function runCommand(args: string[], env: Record<string, string>): Command {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...nodeFlags, main, ...args], {
    env: { PATH, HOME, XDG_CONFIG_HOME: configFolder, NODE_COMPILE_CACHE: compileCache, ...env },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const text = () => said.join('');
  return {
    pid: child.pid ?? 0,
    // `exit`, because a process it has left behind keeps the output open
    exit: new Promise((resolve) => child.once('exit', resolve)),
    said: text,
    logged: (message) =>
      // the last line may not be whole yet
      text()
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.includes(`"msg":"${message}"`))
        .map((line) => JSON.parse(line)),
    signal: (name) => void child.kill(name),
  };
}

/** Waits until it has printed its address, and returns its API. Throws what it printed if it ends. */
export async function apiOf(command: Command) {
  let ended = false;
  void command.exit.then(() => {
    ended = true;
  });
  const address = /^ {2}API {14}(http:\/\/[^/\s]+)\/v1$/m;
  await until('the address', () => ended || address.test(command.said()), startTimeoutMs);
  const origin = address.exec(command.said())?.[1];
  if (origin === undefined) throw new Error(`the command has ended: ${command.said()}`);
  return { origin, ...createApi(origin, testApiKey) };
}

/** The pids of the Node processes that process `pid` has started. Linux. */
export function childrenOf(pid: number): number[] {
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return stats.filter((name) => parentOf(name) === pid).map(Number);
}

export const isAlive = (pid: number) => parentOf(String(pid)) !== undefined;

/** Undefined: there is no such process, or it is a zombie. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
