// Bundles the main program of test processes, once for each run: one file loads faster than hundreds
// of modules, and a run starts many processes. The packages of Temporal and
// OpenTelemetry stay outside: they load their own files, and share their state.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { testCache } from './start-cost.ts';

export const processSource = join(import.meta.dirname, 'posthorn-process-main.ts');

/** Returns the path of the bundle. */
export async function buildProcessProgram(): Promise<string> {
  const file = join(testCache, 'posthorn-process.mjs');
  const { output } = await build({
    input: processSource,
    write: false,
    platform: 'node',
    external: /^@(temporalio|opentelemetry)\//,
    plugins: [{ name: 'own folders', transform: withOwnFolders }],
    output: { format: 'esm', codeSplitting: false },
  });
  mkdirSync(testCache, { recursive: true });
  // another run in this folder may start a process at any moment
  writeFileSync(`${file}.${process.pid}`, output[0].code);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

/** In the bundle, a module of ours still finds the files beside its source. */
function withOwnFolders(code: string, id: string): string | undefined {
  if (!id.endsWith('.ts') || !code.includes('import.meta')) return undefined;
  const own = { dirname: dirname(id), filename: id, url: `file://${id}` };
  return Object.entries(own).reduce((text, [name, value]) => text.replaceAll(`import.meta.${name}`, JSON.stringify(value)), code);
}
