// Serves a built page application (web/): its files with their compressed forms, and its one page for every other address below.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Response, Router } from 'express';
import sirv, { type Options } from 'sirv';
import { policyText } from '#runtime/content-policy';

export interface WebAppOptions {
  /** Where the built files are. */
  folder: string;
  /** The name of the page in it. @example 'dashboard.html' */
  page: string;
  /** The origins that may frame it. Default: none. */
  frameAncestors?: readonly string[];
}

const assets = '/assets/';
const self = ["'self'"];
const none = ["'none'"];
const yearSeconds = 31_536_000;

/** Mount at the path for which it was built. */
export function createWebApp({ folder, page, frameAncestors = [] }: WebAppOptions): Router {
  const router = Router();
  if (!existsSync(join(folder, page))) {
    router.use((request, response, next) => (isRead(request.method) ? notBuilt(response) : next()));
    return router;
  }
  const policy = webAppPolicy(frameAncestors);
  const usual: Options = {
    brotli: true,
    gzip: true,
    etag: true,
    // an id at the end of an address may look like the name of a file
    ignores: false,
    setHeaders(response, path) {
      // names in `assets` contain a hash of the content
      if (path.startsWith(assets)) response.setHeader('cache-control', `public, max-age=${yearSeconds}, immutable`);
      else response.setHeader('content-security-policy', policy);
    },
  };
  const [files, pages] = [sirv(folder, usual), sirv(folder, { ...usual, single: page })];
  router.use((request, response, next) => {
    if (!isRead(request.method)) return next();
    return (request.path.startsWith(assets) ? files : pages)(request, response, next);
  });
  return router;
}

/** Files of this server and nothing inline. Images: also data URLs. */
export function webAppPolicy(frameAncestors: readonly string[]): string {
  return policyText({
    'default-src': none,
    'script-src': self,
    'style-src': self,
    'img-src': [...self, 'data:'],
    'connect-src': self,
    'base-uri': none,
    'form-action': none,
    'frame-ancestors': frameAncestors.length > 0 ? frameAncestors : none,
    'require-trusted-types-for': ["'script'"],
    'trusted-types': none,
  });
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD';

function notBuilt(response: Response): void {
  response.status(404).type('text').send('This installation has no dashboard. Build it with `npm run build` in a clone.\n');
}
