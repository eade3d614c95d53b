// The package as it is published: its size, what it needs, and that the entry for other runtimes needs nothing of Node.
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { expect, it } from 'vitest';
import { memoryInbox } from '#receiver/inbox/memory';
import packageJson from '../../packages/receiver/package.json' with { type: 'json' };
import { secret, signedRequest } from './signed.ts';

const mostBytes = 15 * 1_024;

async function bundled(entry: string, format: 'esm' | 'iife' = 'esm') {
  const bundle = await rolldown({
    input: `packages/receiver/src/${entry}.ts`,
    platform: format === 'esm' ? 'node' : 'browser',
    external: /^node:/,
  });
  const { output } = await bundle.generate({ format, minify: true, name: 'receiver' });
  await bundle.close();
  expect(output).toHaveLength(1);
  return output[0];
}

it('needs no other package', () => {
  expect(packageJson).not.toHaveProperty('dependencies');
  expect(packageJson).not.toHaveProperty('peerDependencies');
});

it.each(['index', 'fetch'])('the entry %s weighs at most 15 KiB minified, with everything that it exports', async (entry) => {
  const { code, imports } = await bundled(entry);
  expect(Buffer.byteLength(code)).toBeLessThanOrEqual(mostBytes);
  expect(imports).toEqual(entry === 'index' ? ['node:crypto'] : []);
});

it('the README says what each entry weighs', async () => {
  const readme = readFileSync('packages/receiver/README.md', 'utf8');
  const entries = Object.entries(packageJson.exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : { name, ...target }));
  expect(entries).toHaveLength(10);
  for (const { name, default: file } of entries) {
    const { code } = await bundled(file.replace(/^\.\/dist\/(.*)\.js$/, '$1'));
    const said = new RegExp(`^\\| \`@posthorn/receiver${name.slice(1)}\` \\| ([\\d.]+) KiB`, 'm').exec(readme)?.[1];
    const weighs = Buffer.byteLength(code) / 1_024;
    expect(Math.abs(Number(said) - weighs), `${name} weighs ${weighs.toFixed(1)} KiB, and the README says ${said}`).toBeLessThan(0.3);
  }
});

it('the entry fetch runs where there is nothing but the Fetch API and WebCrypto', async () => {
  const { code } = await bundled('fetch', 'iife');
  const { TextEncoder, TextDecoder, crypto, atob, btoa, URL, URLSearchParams, Request, Response, Headers, AbortController, AbortSignal } =
    globalThis;
  const timers = {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    performance,
    fetch,
    Uint8Array,
    ArrayBuffer,
    Error,
    TypeError,
    Promise,
  };
  const context = createContext({
    TextEncoder,
    TextDecoder,
    crypto,
    atob,
    btoa,
    URL,
    URLSearchParams,
    Request,
    Response,
    Headers,
    AbortController,
    AbortSignal,
    Blob,
    ...timers,
  });
  const run = `${code}; receiver`;
  const { createReceiver, fetchReceiver, verify } = runInContext(run, context);
  const { method, headers, body } = signedRequest();
  expect(await verify(body, headers, secret)).toMatchObject({ id: 'evt_1' });
  const seen: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const receiver = createReceiver({ secrets: secret, inbox: memoryInbox(), log }).on('*', ({ id }: { id: string }) => void seen.push(id));
  const response = await fetchReceiver(receiver)(new Request('http://localhost/', { method, headers, body }));
  expect([response.status, await receiver.drain(), seen]).toEqual([202, 1, ['evt_1']]);
  expect(runInContext('typeof process + typeof Buffer + typeof require', context)).toBe('undefinedundefinedundefined');
});
