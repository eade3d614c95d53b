// Builds the workflow code into one bundle, once for each state of its sources, and caches it in
// `dist/`. Run as a program, it only builds the bundle.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const sources = dirname(import.meta.dirname);
const keptIn = join(sources, sources.endsWith(join('dist', 'src')) ? '..' : '../dist');

/**
 * The bundle's code, from `dist/` or built now (a few seconds). `traced`: with the interceptors that trace workflows, which
 * make it twice as large.
 */
export async function loadWorkflowBundle(traced = false): Promise<{ code: string }> {
  const file = join(keptIn, `workflows-${await hashOfSources()}${traced ? '-traced' : ''}.js`);
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return { code: kept };
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(sources, 'workflows', `index.${extension}`),
    payloadConverterPath: join(sources, 'workflows', `payload-converter.${extension}`),
    workflowInterceptorModules: [...(traced ? [tracer()] : []), join(sources, 'workflows', `store-header.${extension}`)],
    logger: quiet,
  });
  const lean = withoutSources(code);
  await keep(file, lean).catch(() => undefined); // without the cache the next start builds it again
  return { code: lean };
}

/** Of Temporal's SDK. */
const tracer = () => createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors');

const sourceMapUrl = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

/**
 * The bundle without the text of its sources, which stack traces do not need, and in ASCII: two threads keep it in memory,
 * and one character beyond Latin-1 would double it.
 */
function withoutSources(bundle: string): string {
  const [code = '', map = ''] = bundle.split(sourceMapUrl);
  const { sourcesContent, ...positions } = JSON.parse(Buffer.from(map, 'base64').toString()) as Record<string, unknown>;
  const ascii = code.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return ascii + sourceMapUrl + Buffer.from(JSON.stringify(positions)).toString('base64');
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'contract', 'domain']) {
    for (const name of (await readdir(join(sources, folder), { recursive: true }))
      .filter((entry) => /(?<!\.d)\.[jt]s$/.test(entry))
      .sort()) {
      hash.update(name).update(await readFile(join(sources, folder, name)));
    }
  }
  const { version } = JSON.parse(await readFile(createRequire(import.meta.url).resolve('@temporalio/worker/package.json'), 'utf8')) as {
    version: string;
  };
  return hash.update(version).digest('hex').slice(0, 16);
}

async function keep(file: string, code: string): Promise<void> {
  await mkdir(keptIn, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, file);
}

const silent = () => undefined;
const writeLine = (message: string) => process.stderr.write(`${message}\n`);
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: writeLine, error: writeLine };

if (import.meta.main) await Promise.all([loadWorkflowBundle(), loadWorkflowBundle(true)]);
