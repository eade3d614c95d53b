// The packages as somebody installs them: packed, unpacked into an empty folder, imported, and compiled with TypeScript there.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const names = readdirSync(join(root, 'packages'));
const folder = mkdtempSync(join(tmpdir(), 'posthorn-packages-'));
const installed = (name: string) => join(folder, 'node_modules/@posthorn', name);
const manifestOf = (name: string) => JSON.parse(readFileSync(join(installed(name), 'package.json'), 'utf8'));

beforeAll(async () => {
  await Promise.all(names.map(install));
  // of the page that shows the portal
  for (const name of ['react', '@types/react', 'csstype']) {
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isSource = (path: string) => !/\/(node_modules|dist)$/.test(path);

async function install(name: string): Promise<void> {
  const source = join(folder, 'sources', name);
  cpSync(join(root, 'packages', name), source, { recursive: true, filter: isSource });
  await run(process.execPath, [tsc, '-p', join(root, 'packages', name), '--outDir', join(source, 'dist')]);
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: source });
  mkdirSync(installed(name), { recursive: true });
  await run('tar', ['-xzf', join(folder, JSON.parse(stdout)[0].filename), '--strip-components=1', '-C', installed(name)]);
}

it('have their licence, and no link of their README leads out of them', () => {
  expect(readdirSync(installed('client'))).toContain('outbox.sql');
  for (const name of names) {
    expect(readdirSync(installed(name))).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json']));
    expect(readFileSync(join(installed(name), 'README.md'), 'utf8')).not.toMatch(/\]\((?!https?:|#)/);
  }
});

const entriesOf = (name: string) =>
  Object.entries<unknown>(manifestOf(name).exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([entry]) => `@posthorn/${name}${entry.slice(1)}`);

it('have entries that can be imported', async () => {
  const entries = names.flatMap(entriesOf);
  expect(entries.length).toBeGreaterThan(13);
  const program = `for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(await import(entry)).length > 0);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  expect(stdout.trim().split('\n')).toEqual(entries.map((entry) => `${entry} true`));
});

it('have types that need no others than those of fetch', async () => {
  const entries = names.flatMap(entriesOf);
  const imports = entries.map((entry, n) => `import * as entry${n} from '${entry}';`);
  const uses = entries.map((_, n) => `entry${n}`).join(', ');
  writeFileSync(join(folder, 'use.mts'), `${imports.join('\n')}\nexport const used = [${uses}];\n`);
  const options = '--noEmit --strict --skipLibCheck false --module nodenext --target es2022 --lib es2023,dom,dom.iterable'.split(' ');
  const { stdout } = await run(process.execPath, [tsc, ...options, '--types', '', 'use.mts'], { cwd: folder }).catch((error) => error);
  expect(stdout).toBe('');
});
