// Serves the portal of a link that sites may embed. Its address begins with the id of the link, because the token is in the
// fragment, which the server never sees; the policy and the page name the sites.
import { existsSync, readFileSync } from 'node:fs';
import { Router } from 'express';
import { webAppPolicy } from './web-app.ts';

export interface FramedPageOptions {
  /** The built page. */
  file: string;
  /** Never rejects. Empty: no site may embed it. */
  originsOf(linkId: string): Promise<readonly string[]>;
}

const address = /^\/(lnk_[0-9a-f]{32})(?:\/.*)?$/;
const place = '<meta name="frame-origins" content="">';
/** Once more, where they become part of a header and of markup. */
const plain = /^https?:\/\/[a-z0-9.:-]+$/;

/** Mount it where the page is built for, before the handler of all other addresses, which answers what this one leaves. */
export function createFramedPage({ file, originsOf }: FramedPageOptions): Router {
  const router = Router();
  const html = existsSync(file) ? readFileSync(file, 'utf8') : null;
  router.get(address, async (request, response, next) => {
    const origins = (await originsOf(request.params[0] ?? '')).filter((origin) => plain.test(origin));
    if (html === null || origins.length === 0) return next();
    // older than frame-ancestors, and without a way to name sites
    response.removeHeader('x-frame-options');
    response
      .set({
        'content-security-policy': webAppPolicy(origins),
        // for sites that isolate themselves (COEP)
        'cross-origin-resource-policy': 'cross-origin',
        'cache-control': 'no-store',
      })
      .type('html')
      .send(html.replace(place, `<meta name="frame-origins" content="${origins.join(' ')}">`));
  });
  return router;
}
