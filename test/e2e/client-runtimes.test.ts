// packages/client as it is installed, in each runtime: Node 20 and the newest, Deno, Bun, and a context with nothing but the
// Web's interfaces. And its types, in projects with other settings.
import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledClient, installClient, tsc } from '../support/client-package.ts';
import { bun, deno, node20, npmTool } from '../support/npm-tool.ts';
import { testApiKey } from '../support/posthorn.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';

const run = promisify(execFile);
const thisNode = async () => process.execPath;

let client: InstalledClient;
beforeAll(async () => {
  client = await installClient();
  copyFileSync('test/support/client-walk.mjs', join(client.folder, 'walk.mjs'));
  copyFileSync('test/support/client-in-worker-main.mjs', join(client.folder, 'in-worker.mjs'));
  client.write(
    'main.mjs',
    "import { walk } from './walk.mjs';\nconsole.log(await walk(process.env.POSTHORN_URL, process.env.POSTHORN_API_KEY));\n",
  );
});
afterAll(() => client?.remove());

describe('the client runs', () => {
  withPosthorn.for<[string, () => Promise<string>, string[]]>([
    ['in Node 20', () => npmTool(node20), ['main.mjs']],
    ['in the newest Node', thisNode, ['main.mjs']],
    ['in Deno', () => npmTool(deno), ['run', '--allow-net', '--allow-env', '--node-modules-dir=manual', 'main.mjs']],
    ['in Bun', () => npmTool(bun), ['main.mjs']],
    ['with nothing but the interfaces of the Web', thisNode, ['--experimental-vm-modules', '--no-warnings', 'in-worker.mjs']],
  ])('%s', async ([, programOf, args], { posthorn }) => {
    const env = { ...process.env, NODE_OPTIONS: '', POSTHORN_URL: posthorn.origin, POSTHORN_API_KEY: testApiKey };
    const { stdout } = await run(await programOf(), args, { cwd: client.folder, env, timeout: 120_000 });
    expect(stdout.trim()).toBe('done');
  });
});

describe('its types', () => {
  const program = `import { Posthorn, PosthornProblem, type Delivery, type DeliveryStatus } from '@posthorn/client';
const posthorn = new Posthorn({ url: 'https://hooks.example.com', apiKey: 'k', fetch: (url, init) => fetch(url, init) });
export const sent: Promise<{ id: string; duplicate: boolean }> = posthorn.events.send('acme', { type: 'a.b', data: [1n] }, { signal: AbortSignal.timeout(1) });
export async function dead(): Promise<Delivery[]> {
  const statuses: DeliveryStatus[] = ['dead_lettered'];
  return posthorn.deliveries.list({ status: statuses }).toArray();
}
// @ts-expect-error: no such status
posthorn.deliveries.list({ status: ['delivered'] });
// @ts-expect-error: a URL is missing
posthorn.endpoints.create('acme', {});
// @ts-expect-error: a misspelt field
posthorn.events.send('acme', { type: 'a.b', data: 1, orderingkey: 'x' });
export const statusOf = (error: unknown): number | undefined => (error instanceof PosthornProblem ? error.status : undefined);
`;

  it.each([
    [
      'a browser or worker, without types of Node',
      { lib: ['es2023', 'dom', 'dom.asynciterable'], module: 'esnext', moduleResolution: 'bundler', types: [] },
    ],
    ['Node, without types of browsers', { lib: ['es2023'], module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] }],
  ])('check in a strict project of %s', async (name, more) => {
    const folder = name.includes('browser') ? 'browser' : 'node';
    client.write(`${folder}/use.mts`, program);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      exactOptionalPropertyTypes: true,
      typeRoots: [join(process.cwd(), 'node_modules/@types')],
      ...more,
    };
    const config = client.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['use.mts'] }));
    const { stdout } = await run(process.execPath, [tsc, '-p', config]).catch((error) => error);
    expect(stdout).toBe('');
  });

  it('and the code import nothing but each other, and what Node has for the outbox', () => {
    const dist = join(client.package, 'dist');
    const imported = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(js|d\.ts)$/.test(name))
      .flatMap((name) =>
        Array.from(readFileSync(join(dist, name), 'utf8').matchAll(/(?:from |import\()'([^']+)'/g), ([, specifier = '']) => specifier),
      );
    expect(imported.length).toBeGreaterThan(30);
    expect(imported.filter((specifier) => !specifier.startsWith('.'))).toEqual(['node:crypto']);
  });
});
