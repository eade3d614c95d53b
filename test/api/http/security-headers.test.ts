// Security headers of every answer, with or without a key, success or error.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#api/app';
import { createMetricsApp } from '#api/metrics';
import { homePage } from '#app/home-page';
import { createSandbox } from '#sandbox/sandbox';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
let origin: string;

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
  origin = await serve('http://127.0.0.1:8080');
});
afterAll(() => api.close());

/** The app as the server role builds it: with the home page and sandboxes. */
async function serve(publicOrigin: string): Promise<string> {
  const sandbox = createSandbox({ apiKey, signingOf: async () => null });
  const home = () => ({ html: homePage(publicOrigin, 'https://ui.example/"><script>alert(1)</script>') });
  return listen(createApp({ ...api.deps, publicOrigin, home, mount: (app) => app.use('/sandbox', sandbox) }));
}

async function listen(app: Parameters<typeof createServer>[1]): Promise<string> {
  const http = createServer(app);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const stop = () => new Promise<void>((resolve) => http.close(() => resolve()));
  closers.push(() => {
    http.closeAllConnections();
    return stop();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
const closers: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closers.map((stop) => stop())));

const nothing = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";
const key = { authorization: `Bearer ${apiKey}` };
const asks: [what: string, status: number, method: string, path: string, headers?: Record<string, string>, body?: string][] = [
  ['a list', 200, 'GET', '/v1/tenants', key],
  ['an accepted event', 202, 'POST', '/v1/tenants/acme/events', { ...key, 'content-type': 'application/json' }, '{"type":"a","data":1}'],
  ['a refusal', 422, 'POST', '/v1/tenants', { ...key, 'content-type': 'application/json' }, '{}'],
  ['another content type', 415, 'POST', '/v1/tenants', { ...key, 'content-type': 'text/plain' }, '{"name":"x"}'],
  ['a caller without a key', 401, 'GET', '/v1/tenants'],
  ['an unknown path', 404, 'GET', '/nothing'],
  ['a malformed path', 400, 'GET', '/v1/tenants/%ff', key],
  ['another method', 405, 'PUT', '/v1/tenants', key],
  ['health', 200, 'GET', '/healthz'],
  ['readiness', 200, 'GET', '/readyz'],
  ['metrics', 200, 'GET', '/metrics'],
  ['the API description', 200, 'GET', '/openapi.json'],
  ['the page', 200, 'GET', '/'],
  ['a webhook at a sandbox', 200, 'POST', '/sandbox/demo', { 'content-type': 'text/html', cookie: 'a=b' }, '<script>alert(1)</script>'],
  ['a scripted answer', 500, 'POST', '/sandbox/demo?script=500%3Bbody%3D%253Cscript%253E', {}, 'x'],
  ['a sandbox read', 200, 'GET', '/sandbox/demo', key],
  ['a sandbox read without a key', 401, 'GET', '/sandbox/demo'],
  ['an invalid sandbox name', 404, 'GET', '/sandbox/a.b', key],
  ['a CORS preflight', 401, 'OPTIONS', '/v1/tenants', { origin: 'https://evil.example', 'access-control-request-method': 'POST' }],
];

describe('every answer', () => {
  it.each(asks)(
    'to %s (%i) has the security headers, no cookie and no CORS header',
    async (_, status, method, path, headers = {}, body = undefined) => {
      const answer = await fetch(`${origin}${path}`, {
        method,
        headers: { origin: 'https://evil.example', ...headers },
        ...(body !== undefined && { body }),
      });
      expect(answer.status).toBe(status);
      const said = Object.fromEntries(answer.headers);
      if (path !== '/') expect(said['content-security-policy']).toBe(nothing);
      expect(said).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cache-control': 'no-store',
      });
      const names = Object.keys(said);
      expect(
        names.filter((name) => /^(set-cookie|access-control-.*|x-powered-by|server|etag|strict-transport-security)$/.test(name)),
      ).toEqual([]);
      if (answer.headers.get('content-type')?.startsWith('text/html')) expect(path).toBe('/');
    },
  );

  it('has Strict-Transport-Security if the public origin is https, without subdomains', async () => {
    const secure = await serve('https://hooks.example.com');
    for (const path of ['/', '/healthz', '/v1/tenants', '/nothing'])
      expect((await fetch(`${secure}${path}`)).headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('of a process with metrics only has them, too', async () => {
    const metrics = await listen(createMetricsApp(api.deps));
    for (const path of ['/metrics', '/healthz', '/nothing']) {
      const { headers } = await fetch(`${metrics}${path}`);
      expect([headers.get('content-security-policy'), headers.get('cache-control')]).toEqual([nothing, 'no-store']);
    }
  });
});

it('the home page allows its style sheet by its hash, and contains no scripts', async () => {
  const answer = await fetch(`${origin}/`);
  const html = await answer.text();
  const css = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
  expect(css.length).toBeGreaterThan(50);
  const hash = createHash('sha256').update(css).digest('base64');
  expect(answer.headers.get('content-security-policy')).toBe(`${nothing};style-src 'sha256-${hash}'`);
  expect(html).not.toMatch(/<script|\son\w+=|\sstyle=|javascript:/i);
  expect(homePage('http://x', 'javascript:alert(1)')).not.toContain('javascript');
});

describe('a request from another site', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'name=x'],
    ['a form of plain text', 'text/plain', '{"name":"x"}'],
    ['a form with files', 'multipart/form-data; boundary=b', '--b--'],
  ])('by %s changes nothing, even with the key', async (_, type, body) => {
    const answer = await api.call('POST', '/v1/tenants', undefined, {
      raw: body,
      headers: { 'content-type': type, cookie: `key=${apiKey}` },
    });
    expect(answer.status).toBe(415);
    expect(
      (await api.call('POST', '/v1/tenants', { name: 'x' }, { key: null, headers: { cookie: `authorization=Bearer ${apiKey}` } })).status,
    ).toBe(401);
    expect((await api.call('POST', `/v1/tenants?authorization=Bearer%20${apiKey}`, { name: 'x' }, { key: null })).status).toBe(401);
  });
});
