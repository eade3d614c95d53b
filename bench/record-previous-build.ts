// Records the workflow code of a commit, for the tests that begin workflows with it and finish them with this build's:
// `node bench/record-previous-build.ts <commit>`. The same commit and packages give the same bytes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleWorkflowCode } from '@temporalio/worker';
import { minify } from 'rolldown/utils';

const root = join(import.meta.dirname, '..');
const file = join(root, 'test/previous-build/workflows.js.gz');
/** The worker refuses code without one. */
const noSourceMap = Buffer.from('{"version":3,"file":"previous-build.js","sources":[],"names":[],"mappings":""}').toString('base64');

const silent = () => undefined;
const writeLine = (message: string) => process.stderr.write(`${message}\n`);
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: writeLine, error: writeLine };

/** `folder`: a checkout. Names of modules are numbers, and no path is kept. */
async function bundle(folder: string): Promise<string> {
  const workflow = (name: string) => join(folder, 'src/workflows', name);
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflow('index.ts'),
    payloadConverterPath: workflow('payload-converter.ts'),
    workflowInterceptorModules: [workflow('store-header.ts')].filter(existsSync),
    logger: quiet,
    webpackConfigHook: (config) => ({ ...config, devtool: false, optimization: { moduleIds: 'natural', chunkIds: 'natural' } }),
  });
  return code;
}

/** Names of classes stay, because errors are found by them. */
async function minified(code: string): Promise<string> {
  const keepNames = { function: true, class: true };
  const { code: small, errors } = await minify('workflows.js', code, { mangle: { keepNames: true }, compress: { keepNames } });
  if (errors.length > 0) throw new Error(`not minified: ${JSON.stringify(errors)}`);
  return small;
}

const [revision] = process.argv.slice(2);
if (revision === undefined) throw new Error('usage: node bench/record-previous-build.ts <commit>');
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, maxBuffer: 256 << 20 });
const commit = git('rev-parse', '--verify', `${revision}^{commit}`).toString().trim();
const folder = mkdtempSync(join(tmpdir(), 'posthorn-previous-'));
try {
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', commit, 'src', 'package.json') });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const small = await minified(await bundle(folder));
  if ([folder, root].some((path) => small.includes(path))) throw new Error('the bundle contains paths');
  const code = `// commit ${commit}\n${small}\n//# sourceMappingURL=data:application/json;base64,${noSourceMap}\n`;
  const packed = gzipSync(code, { level: 9 });
  writeFileSync(file, packed);
  writeLine(`${file}: ${packed.length} bytes, of ${commit}`);
} finally {
  rmSync(folder, { recursive: true });
}
