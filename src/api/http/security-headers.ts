// Security headers of every answer: no scripts, no framing, no content sniffing, no caching, no
// referrer. No cookie and no CORS header is set: callers send a bearer token, which browsers never
// add on their own.
import { createHash } from 'node:crypto';
import type { Express } from 'express';
import helmet from 'helmet';

const nothing = ["'none'"];
const directives = { 'default-src': nothing, 'base-uri': nothing, 'form-action': nothing, 'frame-ancestors': nothing };
const yearInSeconds = 31_536_000;

/** Must be called before any other handler. Strict-Transport-Security is sent only if the public origin is https. */
export function setSecurityHeaders(app: Express, publicOrigin = ''): void {
  const isHttps = publicOrigin.startsWith('https:');
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives },
      crossOriginEmbedderPolicy: true,
      xFrameOptions: { action: 'deny' },
      // for this host only: other subdomains may belong to other services
      strictTransportSecurity: isHttps && { maxAge: yearInSeconds, includeSubDomains: false },
      // off: they only concern Internet Explorer, Flash and pages that link to other hosts
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
    }),
    (_request, response, next) => {
      response.setHeader('cache-control', 'no-store');
      next();
    },
  );
}

/** The Content-Security-Policy of an HTML page: the usual one, plus the page's inline style sheets and scripts by their hashes. */
export function pagePolicy(html: string): string {
  const hashes = (found: RegExp) => [...html.matchAll(found)].map(([, text = '']) => `'sha256-${sha256(text)}'`);
  const sheets = hashes(/<style>([^<]*)<\/style>/g);
  const scripts = hashes(/<script>([\s\S]*?)<\/script>/g);
  const all = { ...directives, 'style-src': sheets.length > 0 ? sheets : nothing, ...(scripts.length > 0 && { 'script-src': scripts }) };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join(';');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
