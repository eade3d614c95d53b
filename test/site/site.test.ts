// /docs over HTTP: files with their headers, a strict policy on each page, and what a reader sees while there is no site.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { createSite, type SiteOptions } from '#site/site';
import { until } from '../support/until.ts';

let server: Server | undefined;
let folder: string | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const script = "document.documentElement.classList.add('dark')";

function writeSite(root: string): void {
  mkdirSync(join(root, 'assets'), { recursive: true });
  mkdirSync(join(root, 'guides'));
  writeFileSync(
    join(root, 'index.html'),
    `<!doctype html><script id="x">${script}</script><script type="module" src="/docs/assets/app.1a2b.js"></script>Home`,
  );
  writeFileSync(join(root, 'guides/send.html'), '<!doctype html>Send');
  writeFileSync(join(root, '404.html'), '<!doctype html>Not here');
  writeFileSync(join(root, 'assets/app.1a2b.js'), 'export {}');
  writeFileSync(join(root, '.secret'), 'no');
}

async function serve(options: Partial<SiteOptions>): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const app = express();
  app.use('/docs', createSite({ folder: 'nowhere', ...options }));
  app.use((_request, response) => void response.status(404).send('the next handler'));
  server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
}

const scratch = () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-site-'));
  return folder;
};

it('serves pages with and without .html, and sends /docs to /docs/', async () => {
  writeSite(scratch());
  const get = await serve({ folder });
  expect((await get('/docs')).headers.get('location')).toBe('/docs/');
  expect(await (await get('/docs/')).text()).toContain('Home');
  for (const path of ['/docs/guides/send', '/docs/guides/send.html']) expect(await (await get(path)).text()).toContain('Send');
  expect((await get('/docs/guides/send', { method: 'HEAD' })).status).toBe(200);
  expect((await get('/docs/', { method: 'POST' })).status).toBe(404);
});

it('gives each page a policy that names its inline scripts by their hashes, and nothing of other hosts', async () => {
  writeSite(scratch());
  const get = await serve({ folder });
  const policy = (await get('/docs/')).headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/(^|;)script-src 'self' 'sha256-[\w+/]{43}='(;|$)/);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toMatch(/(^|;)style-src 'self'(;|$)/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  // another page, another policy
  expect((await get('/docs/guides/send')).headers.get('content-security-policy')).toMatch(/(^|;)script-src 'self'(;|$)/);
});

it('lets browsers keep what is named by its content, and ask again for pages', async () => {
  writeSite(scratch());
  const get = await serve({ folder });
  expect((await get('/docs/assets/app.1a2b.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const page = await get('/docs/');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await get('/docs/', { headers: { 'if-none-match': page.headers.get('etag') ?? '', 'cache-control': 'max-age=0' } });
  expect(again.status).toBe(304);
});

it('answers 404 with a page, also for files that are hidden or outside', async () => {
  writeSite(scratch());
  const get = await serve({ folder });
  for (const path of ['/docs/nothing', '/docs/.secret', '/docs/%2e%2e/package.json', '/docs/guides/..%2f..%2f..%2fetc/passwd']) {
    const answer = await get(path);
    expect([path, [404, 403].includes(answer.status)]).toEqual([path, true]);
    expect(await answer.text()).not.toMatch(/root:|"name"/);
  }
  const answer = await get('/docs/nothing');
  expect(await answer.text()).toContain('Not here');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
});

it('is built by its first reader, once, and says so until it is there', async () => {
  scratch();
  let builds = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const get = await serve({
    folder,
    async build() {
      builds++;
      await promise;
      writeSite(folder ?? '');
    },
  });
  for (const path of ['/docs/', '/docs/guides/send']) {
    const waiting = await get(path);
    expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([503, '3']);
    expect(waiting.headers.get('content-security-policy')).toMatch(/style-src 'self' 'sha256-/);
    expect(await waiting.text()).toContain('is being built');
  }
  resolve();
  await until('the site', async () => (await get('/docs/')).status === 200);
  expect(builds).toBe(1);
});

it('shows why a build failed, and does not try again for each reader', async () => {
  scratch();
  let builds = 0;
  const get = await serve({
    folder,
    async build() {
      builds++;
      throw new Error('<b>no space left</b>');
    },
  });
  const text = await until('the failure', async () => {
    const page = await (await get('/docs/')).text();
    return page.includes('could not be built') && page;
  });
  expect(text).toContain('no space left');
  expect(text).not.toContain('<b>');
  await get('/docs/');
  expect(builds).toBe(1);
});

it('says how to get it where it cannot be built', async () => {
  const get = await serve({});
  const answer = await get('/docs/');
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('npm run docs');
});
