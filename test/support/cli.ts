// Runs the `posthorn` command as a user does: the real program, with an own configuration folder.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCache } from './start-cost.ts';

export const posthornProgram = join(import.meta.dirname, '../../bin/posthorn.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  exit: Promise<CliResult>;
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
}

export interface Cli {
  /** The configuration folder of its commands. */
  folder: string;
  run(args: string[], input?: string): Promise<CliResult>;
  start(args: string[], input?: string): RunningCli;
  /** Runs it with `--json`. Returns one document, or of a list all. Throws if the command fails. */
  json(...args: string[]): Promise<unknown>;
  remove(): void;
}

/** `env`: the whole environment of the commands besides PATH and HOME. */
export function openCli(env: Record<string, string> = {}): Cli {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-cli-'));
  const { PATH = '' } = process.env;
  const whole = { PATH, HOME: folder, XDG_CONFIG_HOME: folder, NODE_COMPILE_CACHE: compileCache, ...env };

  function start(args: string[], input?: string): RunningCli {
    const child = spawn(process.execPath, [posthornProgram, ...args], { env: whole });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    child.stdin.end(input);
    const exit = new Promise<CliResult>((resolve) => child.once('close', (code) => resolve({ code, ...said })));
    return { exit, stdout: () => said.stdout, stderr: () => said.stderr, signal: (name) => void child.kill(name) };
  }

  const run = (args: string[], input?: string) => start(args, input).exit;
  return {
    folder,
    start,
    run,
    async json(...args) {
      const { code, stdout, stderr } = await run(['--json', ...args]);
      if (code !== 0) throw new Error(`posthorn ${args.join(' ')}: ${code} ${stderr}`);
      const documents =
        stdout.trim() === ''
          ? []
          : stdout
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line) as unknown);
      return documents.length === 1 && !args.includes('list') ? documents[0] : documents;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
