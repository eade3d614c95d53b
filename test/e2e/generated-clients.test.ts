// Clients in Python and Go, generated from the OpenAPI document as docs/clients.md says, compiled, and used on a real Posthorn.
// The generators are fetched once into the user's cache folder.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goTool, oapiCodegen } from '../support/go-tool.ts';
import { type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { packageFolder } from '../support/python.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const programs = join(import.meta.dirname, '../support/generated-clients');
const pythonGenerator = { name: 'openapi-python-client', version: '0.29.1' };

let receiver: Receiver;
let folder: string;
beforeAll(async () => {
  receiver = await startReceiver();
  folder = mkdtempSync(join(tmpdir(), 'posthorn-clients-'));
});
afterAll(async () => {
  await receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function saveDocument({ origin }: TestPosthorn): Promise<string> {
  const path = join(folder, 'openapi.json');
  writeFileSync(path, await (await fetch(`${origin}/openapi.json`)).text());
  return path;
}

const envOf = ({ origin }: TestPosthorn, language: string) => ({
  ...process.env,
  POSTHORN_URL: origin,
  POSTHORN_API_KEY: testApiKey,
  RECEIVER_URL: `${receiver.url}/${language}`,
  WALK: `walk-${language}-${Date.now()}`,
});

/** What the program printed is the id of an event that came twice: once sent, once replayed. */
async function expectReceivedTwice(stdout: string): Promise<void> {
  const event = stdout.trim();
  expect(event).toMatch(/^evt_/);
  await until('the replay', () => receiver.of(event).length === 2);
}

describe('a generated client', () => {
  withPosthorn('in Python has everything, and works', async ({ posthorn }) => {
    const packages = await packageFolder(pythonGenerator.name, pythonGenerator.version);
    const env = { ...envOf(posthorn, 'python'), PYTHONPATH: `${packages}:${join(folder, 'python')}` };
    const generate = 'import sys; from openapi_python_client.cli import app; sys.exit(app())';
    const args = ['generate', '--path', await saveDocument(posthorn), '--output-path', join(folder, 'python')];
    const { stdout: said } = await run('python3', ['-c', generate, ...args], { env, timeout: 300_000 });
    // without ruff the result is not formatted, which is all that may be missing
    expect(said.replaceAll(/\s+/g, ' ').replaceAll('Skipping Integration ruff is not in PATH', '')).not.toMatch(
      /WARNING|ERROR|Unable|Skipp|cannot/i,
    );
    await run('python3', ['-m', 'compileall', '-q', join(folder, 'python/posthorn_client')], { env });
    await expectReceivedTwice((await run('python3', [join(programs, 'walk.py')], { env, timeout: 120_000 })).stdout);
  });

  withPosthorn('in Go compiles, and works', async ({ posthorn }) => {
    const module = join(folder, 'go');
    mkdirSync(join(module, 'posthorn'), { recursive: true });
    for (const name of ['go.mod', 'go.sum', 'walk.go']) copyFileSync(join(programs, name), join(module, name));
    const args = ['-generate', 'types,client', '-package', 'posthorn', '-o', join(module, 'posthorn/posthorn.gen.go')];
    const { stderr } = await run(await goTool(oapiCodegen), [...args, await saveDocument(posthorn)], { timeout: 300_000 });
    expect(stderr).toBe('');
    await run('go', ['build', '-o', 'walk', '.'], { cwd: module, timeout: 600_000 });
    await expectReceivedTwice((await run(join(module, 'walk'), [], { env: envOf(posthorn, 'go'), timeout: 120_000 })).stdout);
  });

  it('is generated with the commands that the documentation shows', () => {
    const text = readFileSync('docs/clients.md', 'utf8');
    expect(text).toContain(`oapi-codegen@${oapiCodegen.version}`);
    expect(text).toContain('oapi-codegen -generate types,client -package posthorn -o posthorn/posthorn.gen.go openapi.json');
    expect(text).toContain('openapi-python-client generate --url');
  });
});
