// The command restarts itself in place with limits for its heaps, unless somebody has set others.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { compileCache } from '../support/start-cost.ts';

const command = join(import.meta.dirname, '../../bin/posthorn.js');
/** Prints what each program of the process was started with. */
const told = `data:text/javascript,console.log(JSON.stringify([process.pid,process.execArgv,process.env.MALLOC_ARENA_MAX]))`;

/** The process, and its programs one after the other. */
async function programs(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ pid: number | undefined; code: number; ran: unknown[] }> {
  const { MALLOC_ARENA_MAX, NODE_OPTIONS, ...inherited } = process.env;
  const options = [env.NODE_OPTIONS, `--import=${told}`].filter(Boolean).join(' ');
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...inherited, NODE_COMPILE_CACHE: compileCache, PORT: 'none', ...env, NODE_OPTIONS: options },
  });
  const code = new Promise<number>((resolve) => child.once('close', resolve));
  const lines = (await text(child.stdout)).trim().split('\n');
  return { pid: child.pid, code: await code, ran: lines.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line)) };
}

it.each(['start', 'server', 'worker'])('%s keeps its process id, and fails as before', async (role) => {
  const { pid, code, ran } = await programs([role]);
  expect(code).toBe(1);
  expect(ran).toEqual([
    [pid, [], null],
    [pid, ['--max-semi-space-size=8', '--max-old-space-size=1536'], '2'],
  ]);
});

it('keeps limits that are set', async () => {
  const given = { NODE_OPTIONS: '--max-semi-space-size=16 --max-old-space-size=600', MALLOC_ARENA_MAX: '4' };
  const { pid, ran } = await programs(['server'], given);
  expect(ran.at(-1)).toEqual([pid, [], '4']);
});

it('leaves a lower limit of the old heap, as V8 has it in a small container', async () => {
  const { ran } = await programs(['server'], { NODE_OPTIONS: '--max-heap-size=400' });
  expect(ran.at(-1)).toMatchObject([expect.any(Number), ['--max-semi-space-size=8'], '2']);
});

it('does not restart a short command', async () => {
  const { ran } = await programs(['help']);
  expect(ran).toHaveLength(1);
});
