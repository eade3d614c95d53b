// The walk of an event through a running Posthorn, by V8's coverage: which functions of `src` it enters, without those
// that Posthorn enters when nothing happens. Node strips types in place, so V8's offsets are those of the source files.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface EnteredFunction {
  /** Relative to the repository. */
  file: string;
  /** As V8 names it: `commit`, `#handle`; empty for an arrow function without a name. */
  name: string;
  /** The first line is 1. */
  from: number;
  to: number;
}

export interface Profiler {
  /** The functions that were entered since the last call. */
  take(): Promise<EnteredFunction[]>;
  close(): void;
}

interface ScriptCoverage {
  url: string;
  functions: { functionName: string; ranges: { startOffset: number; endOffset: number; count: number }[] }[];
}

/** `log`: the output of a process that was started with `--inspect`. */
export async function openProfiler(log: string): Promise<Profiler> {
  const url = /ws:\/\/\S+/.exec(log)?.[0];
  if (!url) throw new Error('the process does not listen for an inspector');
  const socket = new WebSocket(url);
  const answers = new Map<number, PromiseWithResolvers<{ result: ScriptCoverage[] }>>();
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(String(data));
    if (error) answers.get(id)?.reject(new Error(error.message));
    else answers.get(id)?.resolve(result);
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });

  let count = 0;
  function call(method: string, params: object = {}): Promise<{ result: ScriptCoverage[] }> {
    const answer = Promise.withResolvers<{ result: ScriptCoverage[] }>();
    answers.set(++count, answer);
    socket.send(JSON.stringify({ id: count, method, params }));
    return answer.promise;
  }

  await call('Profiler.enable');
  await call('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    async take() {
      const { result } = await call('Profiler.takePreciseCoverage');
      return result.filter(({ url: script }) => script.includes('/src/') && !script.includes('node_modules')).flatMap(enteredOf);
    },
    close: () => socket.close(),
  };
}

function enteredOf({ url, functions }: ScriptCoverage): EnteredFunction[] {
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  const lineAt = (offset: number) => source.slice(0, offset).split('\n').length;
  return functions.flatMap(({ functionName: name, ranges: [range] }) =>
    // the function that begins at 0 is the module itself
    range && range.count > 0 && range.startOffset > 0
      ? [{ file: relative(process.cwd(), path), name, from: lineAt(range.startOffset), to: lineAt(range.endOffset) }]
      : [],
  );
}

const key = ({ file, from, name }: EnteredFunction) => `${file}:${from} ${name}`;

/** Those of `entered` that are not in `idle`. */
export function without(entered: EnteredFunction[], idle: EnteredFunction[]): EnteredFunction[] {
  const known = new Set(idle.map(key));
  return entered.filter((one) => !known.has(key(one)));
}

/** How many lines of each file the functions have, nested ones counted once. */
export function linesByFile(entered: EnteredFunction[]): Map<string, number> {
  const lines = new Map<string, Set<number>>();
  for (const { file, from, to } of entered) {
    const known = lines.get(file) ?? new Set();
    lines.set(file, known);
    for (let line = from; line <= to; line++) known.add(line);
  }
  return new Map([...lines].map(([file, { size }]) => [file, size]));
}
