// Serves the documentation site at /docs from the folder that `npm run docs` has built. In a clone that has not built it yet,
// the first reader starts the build and gets a page that says so.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Request, type Response, Router } from 'express';
import { type Notice, noticePage } from './notice-page.ts';
import { sitePolicy } from './site-policy.ts';

export interface SiteOptions {
  /** Where the built site is, or will be. */
  folder: string;
  /** Builds it. Rejects with what went wrong. Undefined: it cannot be built here. */
  build?: (() => Promise<void>) | undefined;
}

const yearMs = 31_536_000_000;
const refreshSeconds = 3;

/** Mount at `/docs`. */
export function createSite({ folder, build }: SiteOptions): Router {
  const router = Router();
  const policyOf = createPolicies();
  let building: Promise<void> | undefined;
  let failure: string | undefined;
  const start = () => {
    if (building || !build) return;
    failure = undefined;
    building = build()
      .catch((error: Error) => {
        failure = error.message;
      })
      .finally(() => {
        building = undefined;
      });
  };
  router.use((request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    if (request.originalUrl === request.baseUrl) return response.redirect(308, `${request.baseUrl}/`);
    if (existsSync(join(folder, 'index.html'))) return next();
    // a failed build is not started again by everybody who looks at its message
    if (failure === undefined) start();
    notice(
      response,
      !build ? { kind: 'absent' } : failure === undefined ? { kind: 'building', refreshSeconds } : { kind: 'failed', message: failure },
    );
  });
  router.use(express.static(folder, { extensions: ['html'], redirect: false, dotfiles: 'ignore', setHeaders: headersOf(policyOf) }));
  router.use((request: Request, response: Response, next) => {
    const page = join(folder, '404.html');
    if ((request.method !== 'GET' && request.method !== 'HEAD') || !existsSync(page)) return next();
    const html = readFileSync(page);
    response
      .status(404)
      .set({ 'content-security-policy': policyOf(page), 'cache-control': 'no-cache' })
      .type('html')
      .send(html);
  });
  return router;
}

function notice(response: Response, what: Notice): void {
  const { html, policy } = noticePage(what);
  response
    .status(what.kind === 'absent' ? 404 : 503)
    .set({ 'content-security-policy': policy, ...(what.kind === 'building' && { 'retry-after': String(refreshSeconds) }) })
    .type('html')
    .send(html);
}

/** Names in `assets` contain a hash of the content. Other files are asked for again. */
function headersOf(policyOf: (file: string) => string) {
  return (response: Response, file: string) => {
    if (/\.(html|svg)$/.test(file)) response.setHeader('content-security-policy', policyOf(file));
    const isNamedByContent = /[\\/]assets[\\/]/.test(file);
    response.setHeader('cache-control', isNamedByContent ? `public, max-age=${yearMs / 1000}, immutable` : 'no-cache');
  };
}

/** Remembers the policy of each page until the page changes. */
function createPolicies(): (file: string) => string {
  const known = new Map<string, { mtimeMs: number; policy: string }>();
  return (file) => {
    const { mtimeMs } = statSync(file);
    const found = known.get(file);
    if (found?.mtimeMs === mtimeMs) return found.policy;
    const policy = sitePolicy(readFileSync(file, 'utf8'));
    known.set(file, { mtimeMs, policy });
    return policy;
  };
}
